package vmm.launcher;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import vmm.guests.BuiltinGuest;

/**
 * {@code vmm warm-up}: does in one run of the JVM what users do in many, so that {@code ./vmm} can have the JVM store
 * what it learns (its AOT cache): the classes that it loads, and which ways the requests of a guest take through the
 * code, so that later runs have them compiled by the time that a guest has found its disks. Changes nothing and says
 * nothing.
 */
@Command(
        name = "warm-up",
        hidden = true,
        description = "Exercises the program, for the JVM's cache.",
        footer = {"", "Example:", "  java -XX:AOTCacheOutput=vmm.aot ... warm-up"})
final class WarmUpCommand extends Subcommand {
    private static final int DISK_SIZE = 64 << 20;

    /** Long enough that the JVM has compiled all that requests need, with what it had learned before. */
    private static final String LOAD = Stream.of("blk", "scsi")
            .map(device -> "dev=" + device + " bs=4096 rw=randread qd=1 seconds=0.5 then qd=32 seconds=0.5"
                    + " then rw=randwrite qd=8 seconds=0.5")
            .collect(Collectors.joining(" then "));

    private static final PrintStream NOWHERE =
            new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);

    WarmUpCommand(Console console) {
        super(console);
    }

    @Override
    public Integer call() throws IOException {
        Main.execute(NOWHERE, NOWHERE, "doctor");
        Path folder = Files.createTempDirectory("vmm-warm-up");
        Path image = folder.resolve("disk");
        try {
            try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
                file.setLength(DISK_SIZE);
            }
            // Where there is no KVM these end early, and their part of the cache is missing.
            run(BuiltinGuest.DISKS.extract(folder), "file=null:1M,bus=virtio", "file=mem:1M,serial=A");
            run(BuiltinGuest.LOAD.extract(folder), "file=" + image + ",bus=virtio", "file=mem:" + DISK_SIZE);
            run(BuiltinGuest.LOAD.extract(folder), "file=mem:" + DISK_SIZE + ",bus=virtio", "file=" + image);
        } finally {
            try (Stream<Path> all = Files.walk(folder)) {
                for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(each);
                }
            }
        }
        return 0;
    }

    private static void run(Path kernel, String first, String second) {
        Main.execute(
                NOWHERE,
                NOWHERE,
                "run",
                "--memory",
                "128M",
                "--debug-exit",
                "--kernel",
                kernel.toString(),
                "--append",
                LOAD,
                "--disk",
                first,
                "--disk",
                second);
    }
}
