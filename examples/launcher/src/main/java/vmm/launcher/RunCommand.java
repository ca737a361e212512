package vmm.launcher;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import vmm.domain.DomainXml;
import vmm.machine.Boot;
import vmm.machine.ConfigurationException;
import vmm.machine.HostLimits;
import vmm.machine.MachineConfig;
import vmm.machine.MachineEnd;
import vmm.machine.MachinePlanner;
import vmm.machine.MachineRequest;
import vmm.machine.MachineRunner;
import vmm.monitor.MachineMonitor;

/** {@code vmm run}: starts a machine and stays with it until it ends. */
@Command(
        name = "run",
        description = "Runs a virtual machine.",
        footer = {
            "",
            "A disk is described by KEY=VALUE pairs:",
            "  file=PATH|null:SIZE|mem:SIZE  an image, nothing at all, or memory",
            "  file=nbd://HOST[:PORT]/EXPORT, nbd+unix:///EXPORT?socket=PATH",
            "                                what an NBD server exports",
            "  format=raw|qcow2              how the image keeps its data (raw; never guessed)",
            "  cache=none|writeback|writethrough",
            "                                what the host may keep in memory (writeback)",
            "  aio=auto|io_uring|threads     how the host is asked (auto)",
            "  discard=unmap|ignore          whether a guest's discards reach it (unmap)",
            "  bus=scsi|virtio               a LUN of a virtio-scsi controller, or",
            "                                virtio-blk (scsi if left out)",
            "  controller= target= lun=      scsi: 0, 0 and the first free if left out",
            "                                target=0-63,lun=0-99 makes as many disks of null:SIZE",
            "  type=disk|cdrom|lun           scsi: what the guest sees (disk); the disc of a CD-ROM",
            "                                drive is what file= leads to when its tray closes,",
            "                                and without file= the drive is empty",
            "  removable                     scsi: the medium can be taken out",
            "  protection=1|3                scsi: a guard and tags for each block, kept in FILE.pi",
            "  shareable                     others may write the image, too, who say the same;",
            "                                on two controllers it is one LUN with two paths",
            "  slot= function=               virtio: the first free slot if left out",
            "  virtio=modern|transitional|legacy",
            "                                virtio: what --virtio says if left out",
            "  queues=                       virtio: one for each vCPU if left out",
            "  iothreads=1+2+...             virtio: the I/O threads of queue 0, 1, ...",
            "  packed= in-order= event-idx= indirect-desc= queue-reset=",
            "  notification-data=            virtio: what the queues offer, on or off",
            "  readonly                      the guest may not write",
            "  boot=1|2|...                  the disk with the lowest is the one that firmware",
            "                                starts; the first of all if left out",
            "  id= serial=                   drive0, drive1, ... and the id if left out",
            "  wwn= vendor= product=         scsi; the name is an NAA or behind eui. an EUI-64",
            "  logical-block=512|4096        512 if left out",
            "  physical-block=               the logical block if left out",
            "  secure-erase                  virtio: the guest may have data overwritten",
            "  werror=enospc|stop|report|ignore, rerror=report|stop|ignore",
            "                                what becomes of a write or read that failed:",
            "                                stop pauses the machine until it succeeds,",
            "                                enospc does so if the space has run out (enospc;",
            "                                report)",
            "  total-bytes-sec= read-bytes-sec= write-bytes-sec=",
            "  total-iops-sec= read-iops-sec= write-iops-sec=",
            "                                limits, each with ...-max= for bursts above it",
            "                                and ...-max-length= for their seconds (1)",
            "  size-iops-sec=                from this size on a request counts as several",
            "  group-name=                   disks of one name share their limits",
            "",
            "A controller is described likewise, after the word scsi:",
            "  index=                        0, 1, ... if left out",
            "  slot= function= virtio= queues= packed= ...",
            "                                as of virtio disks",
            "  iothread=                     the I/O thread that serves it and its disks",
            "  virtqueue_size=               descriptors of each queue (256)",
            "  cmd-per-lun= max-sectors= seg-max=",
            "                                what its driver should not exceed",
            "",
            "Examples:",
            "  vmm run --memory 1G --cpus 2 --kernel vmlinuz --initrd initrd.gz \\",
            "      --append \"console=ttyS0\" \\",
            "      --disk file=root.img,serial=ROOT --disk file=data.img,bus=virtio,readonly",
            "  vmm run --kernel vmlinuz --controller scsi,index=0,slot=5 \\",
            "      --controller scsi,index=1,slot=5,function=1,queues=4,cmd-per-lun=64 \\",
            "      --disk file=a.img,shareable --disk file=a.img,shareable,controller=1 \\",
            "      --disk null:1G,target=1-255,lun=0-99",
            "",
            "  vmm run --memory 1G --disk file=data.img --disk file=system.img,boot=1",
            "",
            "A libvirt domain (--xml) is run as virsh would, as far as this machine goes: one warning names what of it",
            "means nothing here, and what would make another machine of it is refused. Options beside it come first: NAME,",
            "--memory, --cpus, --iothreads, --serial, --control and --no-reboot replace what it says, --kernel or --firmware",
            "(with --initrd, --append, --boot ...) its <os>; each --disk, --controller and --fw-cfg is one more.",
            "  virt-install --name web --memory 1024 --import --disk web.img,bus=virtio \\",
            "      --graphics none --osinfo linux2022 --print-xml > web.xml",
            "  vmm run --xml web.xml",
            "",
            "Exit status: 0 the guest powered off, 1 it failed, 2 wrong usage;",
            "  with --debug-exit also what the guest chose."
        })
final class RunCommand extends Subcommand {
    @Parameters(arity = "0..1", paramLabel = "NAME", description = "The machine's name (vmm-PID if left out).")
    private @Nullable String name;

    @Option(
            names = "--xml",
            paramLabel = "FILE",
            description = "A libvirt domain, as virt-install --print-xml and virsh dumpxml print it. See below.")
    private @Nullable Path xml;

    @Option(
            names = "--memory",
            paramLabel = "SIZE",
            defaultValue = "512M",
            description = "Guest RAM, from 64M (512M if left out); a plain number counts MiB.")
    private String memory = "512M";

    @Option(names = "--cpus", paramLabel = "N", defaultValue = "1", description = "How many vCPUs (1 if left out).")
    private String cpus = "1";

    @Option(
            names = "--iothreads",
            paramLabel = "N",
            defaultValue = "0",
            description = "How many I/O threads devices may share, by iothreads=; one each if left out.")
    private String iothreads = "0";

    @Option(
            names = "--poll-max-ns",
            paramLabel = "N",
            defaultValue = "",
            description = "How long an I/O thread looks for work before it waits; 0 never looks.")
    private String pollMaxNanos = "";

    @Option(
            names = "--kernel",
            paramLabel = "FILE",
            description = "A Linux bzImage, an ELF file with a PVH entry, or a Multiboot 1 kernel; without it firmware"
                    + " starts a disk.")
    private @Nullable Path kernel;

    @Option(
            names = "--initrd",
            paramLabel = "FILE",
            description = "The kernel's initial RAM disk; for Multiboot its modules, as \"FILE TEXT,FILE TEXT\".")
    private @Nullable Path initrd;

    @Option(names = "--append", paramLabel = "TEXT", defaultValue = "", description = "The kernel's command line.")
    private String append = "";

    @Option(
            names = "--firmware",
            paramLabel = "seabios|ovmf|FILE",
            defaultValue = "",
            description = "What starts a disk, or --kernel if that is a bzImage: this host's SeaBIOS (if left out and"
                    + " there is no kernel), its OVMF (UEFI), or a firmware image.")
    private String firmware = "";

    @Option(
            names = "--firmware-vars",
            paramLabel = "FILE",
            description =
                    "Where UEFI firmware keeps its variables; made if it is not there. If left out, ovmf keeps those"
                            + " of a machine with a NAME in vmm/NAME of the user's state directory; others are forgotten when"
                            + " the machine ends.")
    private @Nullable Path firmwareVars;

    @Option(
            names = "--boot",
            paramLabel = "KEY=VALUE,...",
            defaultValue = "",
            description = "What firmware starts from: order=cd (c disks, d CD-ROM drives, for those without boot=),"
                    + " strict=on (nothing else), menu=on, splash-time=MILLISECONDS (of the menu).")
    private String boot = "";

    @Option(
            names = "--smbios",
            paramLabel = "KEY=VALUE,...",
            defaultValue = "",
            description = "What firmware tells the guest of its machine: manufacturer=, product=, version=, serial=,"
                    + " uuid=, sku=, family=, entry-point=32|64 (32 if left out).")
    private String smbios = "";

    @Option(
            names = "--fw-cfg",
            paramLabel = "name=opt/...,string=TEXT|file=PATH",
            description = "Tells the guest something by the fw_cfg device; any number of them.")
    private List<String> fwCfg = new ArrayList<>();

    @Option(names = "--disk", paramLabel = "KEY=VALUE,...", description = "A disk; any number of them. See below.")
    private List<String> disks = new ArrayList<>();

    @Option(
            names = "--controller",
            paramLabel = "scsi,KEY=VALUE,...",
            description = "A virtio-scsi controller: index= and what virtio disks have.")
    private List<String> controllers = new ArrayList<>();

    @Option(
            names = "--virtio",
            paramLabel = "KIND",
            defaultValue = "transitional",
            description = "Which drivers devices are for, unless virtio= says it: modern (virtio 1.0 and later), legacy"
                    + " (before it) or transitional (any; if left out).")
    private String virtio = "transitional";

    @Option(
            names = "--serial",
            paramLabel = "WHERE",
            defaultValue = "stdio",
            description = "The serial port: stdio (if left out), file:PATH, unix:PATH, none, or unix: a socket that vmm"
                    + " console NAME finds.")
    private String serial = "stdio";

    @Option(
            names = "--control",
            paramLabel = "PATH",
            defaultValue = "",
            description = "The socket by which vmm stop and others reach the machine, in QMP, or none; found by NAME if"
                    + " left out.")
    private String control = "";

    @Option(names = "--no-reboot", description = "A reset by the guest ends the machine.")
    private boolean noReboot;

    @Option(
            names = "--debug-exit",
            description = "A write to port 0xf4 ends the machine with exit status (value << 1) | 1.")
    private boolean debugExit;

    @Option(names = "--dry-run", description = "Shows the machine, with every address, and does not start it.")
    private boolean dryRun;

    @Option(names = "--json", description = "With --dry-run: as JSON.")
    private boolean json;

    @Spec
    private @Nullable CommandSpec spec;

    RunCommand(Console console) {
        super(console);
    }

    @Override
    public Integer call() throws InterruptedException {
        MachineConfig machine = MachinePlanner.plan(
                xml == null ? request() : described(DomainXml.parse(xml, Optional.ofNullable(name))),
                HostLimits.ofThisHost());
        if (dryRun) {
            MachineListing listing = new MachineListing(machine);
            console().out().println(json ? Json.write(listing.tree()) : listing.text());
            return 0;
        }
        if (json) {
            throw new ConfigurationException("--json describes a machine and goes with --dry-run; add that.");
        }
        return status(new MachineRunner(machine, console()::fail, MachineMonitor::new).run());
    }

    private int status(MachineEnd end) {
        return switch (end) {
            case MachineEnd.PoweredOff _, MachineEnd.Reset _, MachineEnd.Stopped _ -> 0;
            case MachineEnd.DebugExit exit -> exit.status();
            case MachineEnd.Crashed crash -> {
                console().fail(crash.sentence());
                console().err().println(crash.registers());
                yield Main.FAILED;
            }
            case MachineEnd.Failed failed ->
                throw new IllegalStateException("The VMM failed while the guest ran.", failed.cause());
        };
    }

    private MachineRequest request() {
        String machine = name == null ? "vmm-" + ProcessHandle.current().pid() : name;
        return new MachineRequest(
                machine,
                MachineOptions.memory(memory),
                MachineOptions.cpus(cpus),
                MachineOptions.iothreadCount(iothreads),
                MachineOptions.loop(pollMaxNanos),
                boot(),
                MachineOptions.transport(virtio),
                controllers.stream().map(MachineOptions::controller).toList(),
                disks.stream().map(DiskOptions::parse).toList(),
                MachineOptions.serial(serial, machine),
                MachineOptions.control(control, machine),
                !noReboot,
                debugExit,
                fwCfg.stream().map(BootArguments::fwCfgItem).toList());
    }

    /** The machine of a description, with what the options change of it. */
    private MachineRequest described(DomainXml.Parsed domain) {
        domain.warning().ifPresent(console()::fail);
        MachineRequest machine = domain.request();
        return new MachineRequest(
                machine.name(),
                given("--memory") ? MachineOptions.memory(memory) : machine.memoryBytes(),
                given("--cpus") ? MachineOptions.cpus(cpus) : machine.cpus(),
                given("--iothreads") ? MachineOptions.iothreadCount(iothreads) : machine.iothreads(),
                MachineOptions.loop(pollMaxNanos),
                bootInstead().orElse(machine.boot()),
                given("--virtio") ? MachineOptions.transport(virtio) : machine.transport(),
                Stream.concat(
                                machine.controllers().stream(),
                                controllers.stream().map(MachineOptions::controller))
                        .toList(),
                Stream.concat(machine.disks().stream(), disks.stream().map(DiskOptions::parse))
                        .toList(),
                given("--serial") ? MachineOptions.serial(serial, machine.name()) : machine.serial(),
                given("--control") ? MachineOptions.control(control, machine.name()) : machine.control(),
                given("--no-reboot") ? !noReboot : machine.rebootOnReset(),
                debugExit,
                Stream.concat(machine.fwCfg().stream(), fwCfg.stream().map(BootArguments::fwCfgItem))
                        .toList());
    }

    /** What runs first, if the options say it. */
    private Optional<Boot> bootInstead() {
        if (given("--kernel") || given("--firmware")) {
            return Optional.of(boot());
        }
        for (String option : List.of("--initrd", "--append", "--firmware-vars", "--boot", "--smbios")) {
            if (given(option)) {
                throw new ConfigurationException(option + " is beside --xml, whose <os> says what runs first; add"
                        + " --kernel or --firmware to replace that, or change the description.");
            }
        }
        return Optional.empty();
    }

    private boolean given(String option) {
        return Objects.requireNonNull(spec).commandLine().getParseResult().hasMatchedOption(option);
    }

    private Boot boot() {
        Optional<Boot.Kernel> wanted =
                Optional.ofNullable(kernel).map(file -> new Boot.Kernel(file, Optional.ofNullable(initrd), append));
        return wanted.isPresent() && firmware.isEmpty() ? withoutFirmware(wanted.get()) : withFirmware(wanted);
    }

    private Boot withoutFirmware(Boot.Kernel wanted) {
        if (!boot.isEmpty() || !smbios.isEmpty() || firmwareVars != null) {
            String option = !boot.isEmpty() ? "--boot" : !smbios.isEmpty() ? "--smbios" : "--firmware-vars";
            throw new ConfigurationException(option
                    + " is for firmware, and --kernel is started without; add --firmware seabios, or leave it out.");
        }
        return wanted;
    }

    private Boot withFirmware(Optional<Boot.Kernel> wanted) {
        if (wanted.isEmpty() && (initrd != null || !append.isEmpty())) {
            throw new ConfigurationException((initrd != null ? "--initrd" : "--append")
                    + " is for a kernel, and there is none; add --kernel FILE, or leave it out.");
        }
        if (firmware.isEmpty() && disks.isEmpty()) {
            throw new ConfigurationException("There is neither a --kernel nor a --disk to start from; add --kernel"
                    + " FILE, a Linux bzImage or an ELF file with a PVH entry, or --disk file=PATH.");
        }
        return new Boot.Firmware(
                BootArguments.firmware(firmware, Optional.ofNullable(firmwareVars), Optional.ofNullable(name)),
                wanted,
                BootArguments.options(boot),
                SmbiosOptions.identity(smbios),
                SmbiosOptions.entryPoint(smbios));
    }
}
