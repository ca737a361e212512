package vmm.bench.verify;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
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

/** {@code examples/bench/verify}: does a disk give back what was written to it, for as long as one likes to ask. */
@Command(
        name = "verify",
        mixinStandardHelpOptions = true,
        usageHelpAutoWidth = true,
        description = {
            "Boots Linux with raw and qcow2 disks in both cache modes, and lets fio write them with random sizes and"
                    + " depths and check what it reads back. Ends with qemu-img's check of the qcow2 images.",
            "Runs on this machine if its KVM is fast, and in the nested lab if not: there in boots of a quarter of an hour,"
                    + " of which those that the lab loses count as long as they told of rounds."
        },
        footer = {"", "Example:", "  examples/bench/verify --minutes 60"})
public final class Verify implements Callable<Integer> {
    private static final int DISK_MIB = 96;

    /** In the lab, whose processors are emulated, a guest that runs for an hour is lost more often than not. */
    private static final Duration LONGEST_IN_LAB = Duration.ofMinutes(15);

    /** So many guests may be lost in the lab. */
    private static final int MOST_LOST = 20;

    /** More than the rounds of a boot. */
    private static final long SEEDS_OF_A_BOOT = 1_000_000;

    @Option(names = "--minutes", paramLabel = "N", description = "How long the guest writes (60 if left out).")
    private int minutes = 60;

    @Option(names = "--seed", paramLabel = "N", description = "Where the random numbers begin (1 if left out).")
    private long seed = 1;

    @Option(names = "--bus", paramLabel = "BUS", description = "virtio or scsi (virtio if left out).")
    private String bus = "virtio";

    @Option(names = "--disk-options", paramLabel = ",KEY=VALUE...", description = "More for each --disk.")
    private String diskOptions = "";

    /** Runs the command line. */
    public static void main(String[] args) {
        System.exit(LinuxBench.execute(new CommandLine(new Verify()), args));
    }

    /** One of the guest's disks. */
    private record Image(String name, String format, String cache) {}

    private static final List<Image> IMAGES = List.of(
            new Image("raw-none", "raw", "none"),
            new Image("raw-writeback", "raw", "writeback"),
            new Image("qcow2-none", "qcow2", "none"),
            new Image("qcow2-writeback", "qcow2", "writeback"));

    @Override
    public Integer call() throws IOException {
        try (GuestHost host = LinuxBench.host(Verify::step)) {
            Path share = Files.createDirectories(LabConfig.ofEnvironment().share());
            Path folder = Files.createTempDirectory(share, "verify-");
            try {
                return run(host, folder);
            } finally {
                Files.deleteIfExists(folder.resolve("initrd.gz"));
                Files.deleteIfExists(folder.resolve("verify.sh"));
                Files.delete(folder);
            }
        }
    }

    private int run(GuestHost host, Path folder) throws IOException {
        GuestImages images = GuestImages.prepare(PackageCache.defaultFolder(), Verify::step);
        Path initrd = folder.resolve("initrd.gz");
        images.initramfs(
                        GuestImages.DISK_MODULES,
                        List.of(Path.of("/usr/bin/fio")),
                        LinuxBench.script(Verify.class, "guest.sh"))
                .write(initrd);
        Path script = Files.writeString(folder.resolve("verify.sh"), LinuxBench.script(Verify.class, "host.sh"));
        step(minutes + " minutes of random writes to " + IMAGES.size() + " disks; the guest tells of each round");
        boolean emulated = host.place() == GuestHost.Place.LAB;
        Duration left = Duration.ofMinutes(minutes);
        int boots = 0;
        int lost = 0;
        long rounds = 0;
        while (left.isPositive()) {
            Duration boot = emulated && left.compareTo(LONGEST_IN_LAB) > 0 ? LONGEST_IN_LAB : left;
            Transcript transcript = new Transcript(System.out);
            boolean ended = boot(
                    host, command(script, images.kernel().image(), initrd, emulated, boot, boots), boot, transcript);
            boots++;
            rounds += transcript.rounds();
            if (transcript.failed() || (!ended && (!emulated || ++lost > MOST_LOST))) {
                return 1;
            }
            Duration checked = ended ? boot : transcript.checkedTime();
            left = left.minus(checked);
            if (!ended) {
                step("the guest was lost after " + checked.toMinutes() + " minutes; once more");
            }
        }
        step(rounds + " rounds in " + boots + " boots, " + lost + " of which ended early");
        return 0;
    }

    /** Boots once; false if the guest, or the lab around it, came to no good end. */
    private static boolean boot(GuestHost host, List<String> command, Duration time, Transcript transcript) {
        boolean emulated = host.place() == GuestHost.Place.LAB;
        try {
            int status = host.run(
                    command,
                    RunOptions.quiet()
                            .withStreams(InputStream.nullInputStream(), transcript, System.err)
                            .withModules(emulated ? List.of("loop", "ext4") : List.of())
                            .withTimeLimit(time.multipliedBy(2).plusMinutes(15))
                            .forwardingSignals());
            return status == 0;
        } catch (HostException lost) {
            if (!emulated) {
                throw lost;
            }
            step(String.valueOf(lost.getMessage()));
            return false;
        }
    }

    /** The script makes the images in the folder where it runs, and then runs the words that follow their names. */
    private List<String> command(Path script, Path kernel, Path initrd, boolean emulated, Duration time, int boot) {
        List<String> command = new ArrayList<>(List.of("sh", script.toString(), Integer.toString(DISK_MIB)));
        command.add(IMAGES.stream()
                .map(image -> image.name() + ":" + image.format())
                .collect(Collectors.joining(" ")));
        // A guest of two processors has come to a standstill in the lab, whose processors are emulated.
        String cpus = emulated ? "1" : "2";
        command.addAll(List.of(LinuxBench.vmm(), "run", "verify", "--memory", "512M", "--cpus", cpus, "--no-reboot"));
        command.addAll(List.of("--kernel", kernel.toString(), "--initrd", initrd.toString()));
        command.addAll(List.of(
                "--append",
                "console=ttyS0 quiet panic=-1 seconds=" + time.toSeconds() + " seed=" + (seed + boot * SEEDS_OF_A_BOOT)
                        + " bus=" + bus));
        for (Image image : IMAGES) {
            command.add("--disk");
            command.add("bus=%s,file=%s,format=%s,cache=%s,serial=%s%s"
                    .formatted(bus, image.name(), image.format(), image.cache(), image.name(), diskOptions));
        }
        return command;
    }

    private static void step(String what) {
        System.err.println("verify: " + what);
    }
}
