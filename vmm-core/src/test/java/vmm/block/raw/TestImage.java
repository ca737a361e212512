package vmm.block.raw;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** An image for a test, on storage of some kind, gone when it is closed. */
final class TestImage implements AutoCloseable {
    /** What the test hands in as the image. */
    private final String path;

    private final Path file;
    private final boolean device;

    private TestImage(String path, Path file, boolean device) {
        this.path = path;
        this.file = file;
        this.device = device;
    }

    static TestImage create(CacheModeTest.Place place, Path folder, int size) throws IOException {
        return switch (place) {
            case TEMPORARY_FOLDER -> {
                Path file = sized(Files.createTempFile(folder, "image", ".img"), size);
                yield new TestImage(file.toString(), file, false);
            }
            case MEMORY -> {
                Path file = inMemory(size);
                yield new TestImage(file.toString(), file, false);
            }
            case DEVICE_OF_4096 -> loop(sized(Files.createTempFile(folder, "device", ".img"), size), 4096);
        };
    }

    /** A file in a file system in memory. */
    private static Path inMemory(int size) throws IOException {
        Path memory = Path.of("/dev/shm");
        assumeTrue(Files.isWritable(memory), "/dev/shm is not there");
        return sized(Files.createTempFile(memory, "vmm-test", ".img"), size);
    }

    private static Path sized(Path file, int size) throws IOException {
        try (RandomAccessFile access = new RandomAccessFile(file.toFile(), "rw")) {
            access.setLength(size);
        }
        return file;
    }

    /** A loop device over {@code file}, with logical blocks of {@code block} bytes. */
    static TestImage loop(Path file, int block) throws IOException {
        Process losetup = new ProcessBuilder(
                        "losetup", "--find", "--show", "--sector-size", Integer.toString(block), file.toString())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        String device = new String(losetup.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        assumeTrue(losetup.onExit().join().exitValue() == 0, "there are no loop devices");
        return new TestImage(device, file, true);
    }

    String path() {
        return path;
    }

    /** How many blocks of 512 bytes the image takes, or what lies beneath it. */
    long allocatedBlocks() throws IOException {
        Process stat = new ProcessBuilder("stat", "-c", "%b", file.toString()).start();
        String blocks = new String(stat.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return Long.parseLong(blocks.strip());
    }

    @Override
    public void close() throws IOException {
        if (device) {
            assertEquals(0, run("losetup", "--detach", path));
        }
        Files.delete(file);
    }

    /** Runs a command and returns its exit status. */
    static int run(String... command) throws IOException {
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        return process.onExit().join().exitValue();
    }
}
