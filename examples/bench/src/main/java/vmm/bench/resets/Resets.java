package vmm.bench.resets;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import vmm.bench.LinuxBench;
import vmm.lab.GuestHost;
import vmm.lab.GuestImages;
import vmm.lab.LabConfig;
import vmm.lab.PackageCache;
import vmm.lab.RunOptions;
import vmm.linux.HostException;

/** {@code examples/bench/resets}: as many targets and LUNs as there can be, and resets while a disk is written. */
@Command(
        name = "resets",
        mixinStandardHelpOptions = true,
        usageHelpAutoWidth = true,
        description = {
            "Boots Linux with three virtio-scsi controllers. It has to find 256 targets behind the first, to read LUN"
                    + " 16383 behind the second, whose REPORT LUNS lists 16384, and to survive resets of a disk behind"
                    + " the third while fio writes it and checks what it reads back.",
            "Runs on this machine if its KVM is fast, and in the nested lab if not.",
            "Exit status: 0 all is well, 1 something was missing, hung or wrong."
        },
        footer = {"", "Example:", "  examples/bench/resets --resets 10000"})
public final class Resets implements Callable<Integer> {
    private static final int LAST_SIZE = 1 << 20;
    private static final int DISK_SIZE = 32 << 20;
    private static final Path FIO = Path.of("/usr/bin/fio");
    private static final Path SG_LUNS = Path.of("/usr/bin/sg_luns");
    private static final Path SG_RESET = Path.of("/usr/bin/sg_reset");

    /** As those of every guest with disks, but nothing is looked for until the script asks. */
    private static final List<String> MODULES = List.of(
            "crc-t10dif",
            "crct10dif_common",
            "virtio_pci",
            "scsi_mod scan=manual max_luns=65535",
            "virtio_scsi",
            "sd_mod",
            "sg");

    @Option(names = "--resets", paramLabel = "N", description = "How many resets (10000 if left out).")
    private int resets = 10_000;

    @Option(names = "--minutes", paramLabel = "N", description = "How long it may take at most (60 if left out).")
    private int minutes = 60;

    /** Runs the command line. */
    public static void main(String[] args) {
        System.exit(LinuxBench.execute(new CommandLine(new Resets()), args));
    }

    @Override
    public Integer call() throws IOException {
        for (Path program : List.of(FIO, SG_LUNS, SG_RESET)) {
            if (!Files.isExecutable(program)) {
                throw new HostException(program + " is missing; install fio and sg3-utils.");
            }
        }
        try (GuestHost host = LinuxBench.host(Resets::step)) {
            Path share = Files.createDirectories(LabConfig.ofEnvironment().share());
            Path folder = Files.createTempDirectory(share, "resets-");
            try {
                return run(host, folder);
            } finally {
                for (String name : List.of("initrd.gz", "last.img", "disk.img")) {
                    Files.deleteIfExists(folder.resolve(name));
                }
                Files.delete(folder);
            }
        }
    }

    private int run(GuestHost host, Path folder) throws IOException {
        GuestImages images = GuestImages.prepare(PackageCache.defaultFolder(), Resets::step);
        Path initrd = folder.resolve("initrd.gz");
        images.initramfs(MODULES, List.of(FIO, SG_LUNS, SG_RESET), LinuxBench.script(Resets.class, "guest.sh"))
                .write(initrd);
        byte[] last = new byte[LAST_SIZE];
        new Random(1).nextBytes(last);
        Path lastImage = Files.write(folder.resolve("last.img"), last);
        Path disk = Files.write(folder.resolve("disk.img"), new byte[DISK_SIZE]);
        step(resets + " resets; the guest tells how far it has come");
        ByteArrayOutputStream console = new ByteArrayOutputStream();
        int status = host.run(
                command(images.kernel().image(), initrd, lastImage, disk, sha256(last)),
                RunOptions.quiet()
                        .withStreams(InputStream.nullInputStream(), new Copy(console), System.err)
                        .withTimeLimit(Duration.ofMinutes(minutes))
                        .forwardingSignals());
        boolean verified = console.toString(StandardCharsets.UTF_8).lines().anyMatch("verified"::equals);
        return status == 0 && verified ? 0 : 1;
    }

    private List<String> command(Path kernel, Path initrd, Path last, Path disk, String sha256) {
        List<String> command = new ArrayList<>(List.of(LinuxBench.vmm(), "run", "resets", "--memory", "512M"));
        command.addAll(List.of("--no-reboot", "--kernel", kernel.toString(), "--initrd", initrd.toString()));
        command.addAll(
                List.of("--append", "console=ttyS0 quiet panic=-1 resets=" + resets + " sha256=" + sha256 + " end="));
        for (int index = 0; index < 3; index++) {
            command.addAll(List.of("--controller", "scsi,index=" + index + ",slot=4,function=" + index));
        }
        command.addAll(List.of("--disk", "file=" + disk));
        command.addAll(List.of("--disk", "null:1G,controller=1,target=0-255,lun=0"));
        command.addAll(List.of("--disk", "null:1G,controller=2,target=5,lun=0-16382"));
        command.addAll(List.of("--disk", "file=" + last + ",controller=2,target=5,lun=16383,readonly"));
        return command;
    }

    private static String sha256(byte[] content) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void step(String what) {
        System.err.println("resets: " + what);
    }

    /** Standard output, of which a copy is kept. */
    private static final class Copy extends OutputStream {
        private final OutputStream kept;

        Copy(OutputStream kept) {
            this.kept = kept;
        }

        @Override
        public void write(int b) throws IOException {
            // A console ends its lines with CR and LF.
            if (b != '\r') {
                System.out.write(b);
                kept.write(b);
            }
            if (b == '\n') {
                System.out.flush();
            }
        }
    }
}
