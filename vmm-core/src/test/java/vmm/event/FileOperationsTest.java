package vmm.event;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import vmm.linux.Errno;
import vmm.linux.Fallocate;
import vmm.linux.FileIo;
import vmm.linux.IoVector;

/** The three ways to files, on both kinds of loop. */
@Timeout(60)
@ParameterizedClass
@EnumSource(
        value = LoopOptions.Kind.class,
        names = {"IO_URING", "POLL"})
class FileOperationsTest {
    enum Way {
        OWN,
        THREADS,
        IMMEDIATE;

        FileOperations of(EventLoop loop) {
            return switch (this) {
                case OWN -> loop;
                case THREADS -> loop.threads();
                case IMMEDIATE -> loop.immediate();
            };
        }
    }

    private final EventLoop loop;

    @TempDir
    Path folder;

    FileOperationsTest(LoopOptions.Kind kind) {
        loop = EventLoops.start("test loop", LoopOptions.standard().withKind(kind));
    }

    @AfterEach
    void end() {
        loop.close();
    }

    @ParameterizedTest
    @EnumSource(Way.class)
    void whatIsWrittenIsReadBack(Way way) throws Exception {
        int fd = open(4096);
        Buffer written = new Buffer(512);
        written.bytes.fill((byte) 7);
        assertEquals(512, result(way, to -> to.operations.writev(fd, written.vector, 1024, to)));
        assertEquals(512, result(way, to -> to.operations.writevStable(fd, written.vector, 0, to)));
        assertEquals(0, result(way, to -> to.operations.fdatasync(fd, to)));
        Buffer read = new Buffer(2048);
        assertEquals(2048, result(way, to -> to.operations.readv(fd, read.vector, 0, to)));
        byte[] expected = new byte[2048];
        Arrays.fill(expected, 0, 512, (byte) 7);
        Arrays.fill(expected, 1024, 1536, (byte) 7);
        assertArrayEquals(expected, read.bytes.toArray(ValueLayout.JAVA_BYTE));
        int mode = Fallocate.PUNCH_HOLE | Fallocate.KEEP_SIZE;
        assertEquals(0, result(way, to -> to.operations.fallocate(fd, mode, 0, 100, to)));
        assertEquals(0, Files.readAllBytes(folder.resolve("file"))[99]);
        assertEquals(7, Files.readAllBytes(folder.resolve("file"))[100]);
        FileIo.close(fd);
    }

    @ParameterizedTest
    @EnumSource(Way.class)
    void aBatchWithFailuresInItCompletesAsAWhole(Way way) throws Exception {
        int fd = open(64 * 512);
        int count = 300;
        int[] results = new int[count];
        CountDownLatch all = new CountDownLatch(count);
        loop.post(() -> {
            FileOperations operations = way.of(loop);
            for (int i = 0; i < count; i++) {
                int index = i;
                IoCompletion completion = result -> {
                    results[index] = result;
                    all.countDown();
                };
                // Reading behind the end, no such file, a flush and a good read, in turns.
                switch (i % 4) {
                    case 0 -> operations.readv(fd, new Buffer(512).vector, 1 << 20, completion);
                    case 1 -> operations.readv(1 << 20, new Buffer(512).vector, 0, completion);
                    case 2 -> operations.fdatasync(fd, completion);
                    default -> operations.readv(fd, new Buffer(512).vector, i % 64 * 512L, completion);
                }
            }
        });
        assertTrue(all.await(10, TimeUnit.SECONDS), all + " are left");
        for (int i = 0; i < count; i++) {
            assertEquals(List.of(0, -Errno.EBADF, 0, 512).get(i % 4), results[i], "operation " + i);
        }
        FileIo.close(fd);
    }

    @ParameterizedTest
    @EnumSource(Way.class)
    void aCompletionMayStartTheNextOperation(Way way) throws Exception {
        int fd = open(512);
        List<Integer> results = new ArrayList<>();
        CompletableFuture<Integer> done = new CompletableFuture<>();
        loop.post(() -> {
            Buffer buffer = new Buffer(512);
            FileOperations operations = way.of(loop);
            operations.readv(fd, buffer.vector, 0, new IoCompletion() {
                @Override
                public void completed(int result) {
                    results.add(result);
                    if (results.size() == 1000) {
                        done.complete(result);
                    } else {
                        operations.readv(fd, buffer.vector, 0, this);
                    }
                }
            });
            assertEquals(List.of(), results);
        });
        assertEquals(512, done.get(20, TimeUnit.SECONDS));
        assertTrue(results.stream().allMatch(result -> result == 512));
        FileIo.close(fd);
    }

    @ParameterizedTest
    @EnumSource(Way.class)
    void closingWaitsForWhatWasStarted(Way way) throws Exception {
        for (int round = 0; round < 50; round++) {
            EventLoop other = EventLoops.start("short loop");
            int fd = open(1 << 16);
            int[] done = new int[1];
            other.post(() -> {
                for (int i = 0; i < 100; i++) {
                    way.of(other).writev(fd, new Buffer(512).vector, i * 512L, result -> done[0]++);
                }
            });
            other.close();
            assertEquals(100, done[0]);
            FileIo.close(fd);
        }
    }

    @ParameterizedTest
    @EnumSource(Way.class)
    void aFileThatIsNoDeviceTakesNoDiscard(Way way) throws Exception {
        int fd = open(4096);
        assertEquals(-Errno.ENOTTY, result(way, to -> to.operations.discard(fd, 0, 4096, to)));
        FileIo.close(fd);
    }

    private record Started(FileOperations operations, CompletableFuture<Integer> result) implements IoCompletion {
        @Override
        public void completed(int value) {
            result.complete(value);
        }
    }

    private int result(Way way, Consumer<Started> start) throws Exception {
        CompletableFuture<Integer> result = new CompletableFuture<>();
        loop.post(() -> {
            start.accept(new Started(way.of(loop), result));
            assertFalse(result.isDone(), "a completion ran before its operation was started");
        });
        return result.get(10, TimeUnit.SECONDS);
    }

    private int open(int size) throws Exception {
        Path file = folder.resolve("file");
        Files.write(file, new byte[size]);
        return FileIo.open(file.toString(), true);
    }

    /** Memory with the vector that describes it. */
    private static final class Buffer {
        final MemorySegment bytes;
        final IoVector vector = new IoVector(1);

        Buffer(int size) {
            // Never freed: the vector holds the bare address, and the kernel uses it until the completion.
            bytes = Arena.global().allocate(size, 512);
            vector.add(bytes.address(), size);
        }
    }
}
