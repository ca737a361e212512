package vmm.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import vmm.guests.BuiltinGuest;
import vmm.guests.Records;

/** A machine whose disk is on a file system that fills up, while its guest writes with flushes. */
@Timeout(120)
class DiskErrorRunTest {
    private static final int DISK_SIZE = 64 << 20;
    private static final int BLOCK_SIZE = 4096;
    private static final int SEED = 77;
    private static final Pattern BLOCKS = Pattern.compile("begin .* blocks=(\\d+)");
    private static final Pattern PROMISED = Pattern.compile("promised (\\d+)\\s");

    @TempDir
    Path folder;

    private Path small;

    @BeforeEach
    void mountASmallFileSystem() throws Exception {
        VmmRun.needKvm();
        small = Files.createDirectory(folder.resolve("small"));
        assumeTrue(
                command("mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", small.toString()) == 0,
                "mounting needs root");
    }

    @AfterEach
    void unmount() throws Exception {
        command("umount", "--lazy", small.toString());
    }

    private static int command(String... words) throws IOException, InterruptedException {
        return new ProcessBuilder(words)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start()
                .waitFor();
    }

    private void makeRoom() throws Exception {
        assertEquals(0, command("mount", "-o", "remount,size=128m", small.toString()));
    }

    private Path image(String format) throws Exception {
        Path image = small.resolve("disk." + format);
        if (format.equals("raw")) {
            try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
                file.setLength(DISK_SIZE);
            }
        } else {
            assumeTrue(Files.isExecutable(Path.of("/usr/bin/qemu-img")), "no qemu-img");
            assertEquals(0, command("qemu-img", "create", "-f", format, image.toString(), Integer.toString(DISK_SIZE)));
        }
        return image;
    }

    private VmmRun writer(String format, String bus, String more) throws Exception {
        return VmmRun.start(
                folder,
                BuiltinGuest.LOAD,
                "--append",
                "rw=records seconds=0 qd=8 bs=" + BLOCK_SIZE + " flush-every=64 seed=" + SEED + " dev="
                        + (bus.equals("virtio") ? "blk" : "scsi"),
                "--disk",
                "id=data,bus=" + bus + ",format=" + format + ",file=" + image(format) + more);
    }

    private static long promised(VmmRun run) {
        long last = 0;
        for (Matcher promise = PROMISED.matcher(run.outSoFar()); promise.find(); ) {
            last = Long.parseLong(promise.group(1));
        }
        return last;
    }

    /** Nothing that the guest was promised is missing, and nothing is there that it has not written. */
    private void assertNothingIsLost(String format, VmmRun run) throws Exception {
        Path raw = small.resolve("disk." + format);
        if (!format.equals("raw")) {
            assertEquals(0, command("qemu-img", "check", "-f", format, raw.toString()));
            Path converted = folder.resolve("converted");
            assertEquals(
                    0, command("qemu-img", "convert", "-f", format, "-O", "raw", raw.toString(), converted.toString()));
            raw = converted;
        }
        Matcher blocks = BLOCKS.matcher(run.outSoFar());
        assertTrue(blocks.find(), run::outSoFar);
        Records records = new Records(SEED, BLOCK_SIZE, Long.parseLong(blocks.group(1)));
        assertEquals(List.of(), records.missing(raw, promised(run)));
        assertEquals(List.of(), records.strangers(raw));
    }

    @ParameterizedTest
    @CsvSource({"raw,virtio", "raw,scsi", "qcow2,virtio"})
    void aFullFileSystemPausesTheMachineUntilThereIsRoomAndNothingIsLost(String format, String bus) throws Exception {
        try (VmmRun run = writer(format, bus, "")) {
            VmmRun.await("the pause", () -> run.errSoFar().contains("so the machine is paused") || !run.alive());
            assertTrue(run.errSoFar().contains("cannot be written (no space left on device)"), run::errSoFar);
            long before = promised(run);
            assertTrue(before > 0, run::outSoFar);
            // Longer than it takes to try again.
            Thread.sleep(1_500);
            assertEquals(before, promised(run), "the guest was promised something that is not there");
            makeRoom();
            VmmRun.await("the end of the pause", () -> run.errSoFar().contains("the machine goes on") || !run.alive());
            VmmRun.await("more records", () -> promised(run) > before + 1_000 || !run.alive());
            run.signal("TERM");
            assertEquals(143, run.status());
            assertEquals(2, run.err().lines().count(), run::errSoFar);
            assertNothingIsLost(format, run);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"virtio", "scsi"})
    void aMachineThatIsPausedCanBeStopped(String bus) throws Exception {
        try (VmmRun run = writer("raw", bus, "")) {
            VmmRun.await("the pause", () -> run.errSoFar().contains("so the machine is paused") || !run.alive());
            run.signal("INT");
            assertEquals(130, run.status(5));
            assertNothingIsLost("raw", run);
        }
    }

    @Test
    void aGuestIsToldOfAFullFileSystemIfTheUserChoseSo() throws Exception {
        try (VmmRun run = writer("raw", "virtio", ",werror=report")) {
            String out = run.out();
            assertTrue(out.contains("Failed:"), out);
            assertEquals("", run.err());
            assertNothingIsLost("raw", run);
        }
    }
}
