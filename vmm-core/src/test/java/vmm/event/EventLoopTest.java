package vmm.event;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import vmm.linux.Errno;
import vmm.linux.EventFd;
import vmm.linux.Fallocate;
import vmm.linux.FileIo;
import vmm.linux.IoVector;
import vmm.linux.Socket;

@Timeout(60)
@ParameterizedClass
@EnumSource(
        value = LoopOptions.Kind.class,
        names = {"IO_URING", "POLL"})
class EventLoopTest {
    private final LoopOptions options;
    private final List<Throwable> failures = new ArrayList<>();
    private final EventLoop loop;

    @TempDir
    Path folder;

    EventLoopTest(LoopOptions.Kind kind) {
        options = LoopOptions.standard().withKind(kind);
        loop = EventLoops.start("test loop", options);
        loop.post(() -> loop.addFailureListener(failures::add));
    }

    @AfterEach
    void end() {
        loop.close();
    }

    @Test
    void messagesRunInTheirOrderOnTheLoopsThread() {
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            int number = i;
            loop.post(() -> order.add(loop.inLoop() ? number : -1));
        }
        assertEquals(1000, loop.call(order::size));
        for (int i = 0; i < 1000; i++) {
            assertEquals(i, order.get(i));
        }
        assertFalse(loop.inLoop());
        assertEquals("test loop", loop.call(() -> Thread.currentThread().getName()));
    }

    @Test
    void aQuestionFromTheLoopItselfIsAnsweredAtOnce() {
        assertEquals(7, loop.call(() -> loop.call(() -> 7)));
    }

    @Test
    void whatAQuestionThrowsReachesTheAsker() {
        RuntimeException thrown = assertThrows(
                ArithmeticException.class,
                () -> loop.call(() -> {
                    throw new ArithmeticException("no answer");
                }));
        assertEquals("no answer", thrown.getMessage());
        assertEquals(List.of(), loop.call(() -> failures));
    }

    @Test
    void anExceptionIsToldAndTheLoopGoesOn() {
        loop.post(() -> {
            throw new IllegalArgumentException("from a message");
        });
        assertEquals(1, loop.call(failures::size));
        assertInstanceOf(IllegalArgumentException.class, failures.getFirst());
        assertEquals(2, loop.call(() -> 2));
    }

    @Test
    void anExceptionFromAHandlerDoesNotEndItsWatch() throws Exception {
        try (EventFd bell = EventFd.create()) {
            AtomicInteger rings = new AtomicInteger();
            loop.call(() -> {
                loop.watch(bell, () -> {
                    rings.incrementAndGet();
                    throw new IllegalStateException("from a handler");
                });
                return true;
            });
            for (int i = 1; i <= 3; i++) {
                bell.signal();
                await(rings, i);
            }
            assertEquals(3, loop.call(failures::size));
            unwatch(bell);
        }
    }

    @Test
    void everySignalIsFollowedByARunOfTheHandler() throws Exception {
        try (EventFd bell = EventFd.create()) {
            AtomicInteger sent = new AtomicInteger();
            AtomicInteger seen = new AtomicInteger();
            watch(bell, () -> seen.set(sent.get()));
            Random random = new Random(1);
            for (int i = 1; i <= 5000; i++) {
                sent.set(i);
                bell.signal();
                if (random.nextInt(4) == 0) {
                    await(seen, i);
                }
            }
            await(seen, 5000);
            unwatch(bell);
        }
    }

    @Test
    void oneSignalRunsTheHandlerOnce() throws Exception {
        try (EventFd bell = EventFd.create()) {
            AtomicInteger rings = new AtomicInteger();
            watch(bell, rings::incrementAndGet);
            for (int i = 1; i <= 100; i++) {
                bell.signal();
                await(rings, i);
                loop.call(() -> 0);
                loop.call(() -> 0);
                assertEquals(i, rings.get());
            }
            unwatch(bell);
        }
    }

    @Test
    void aSignalFromBeforeTheWatchIsSeen() throws Exception {
        try (EventFd bell = EventFd.create()) {
            bell.signal();
            AtomicInteger rings = new AtomicInteger();
            watch(bell, rings::incrementAndGet);
            await(rings, 1);
            unwatch(bell);
        }
    }

    @Test
    void aHandlerNeverRunsAfterUnwatch() throws Exception {
        Random random = new Random(2);
        AtomicBoolean done = new AtomicBoolean();
        AtomicReference<@Nullable EventFd> current = new AtomicReference<>(null);
        Thread ringer = Thread.ofPlatform().start(() -> {
            while (!done.get()) {
                // The lock keeps the descriptor open while it is written.
                synchronized (current) {
                    EventFd bell = current.get();
                    if (bell != null) {
                        bell.signal();
                    }
                }
            }
        });
        AtomicInteger wrong = new AtomicInteger();
        AtomicInteger rings = new AtomicInteger();
        // On a busy machine the ringer may be off the processor for many rounds.
        for (int round = 0; round < 3000 || (rings.get() <= 100 && round < 300_000); round++) {
            EventFd bell = EventFd.create();
            AtomicBoolean watched = new AtomicBoolean(true);
            watch(bell, () -> {
                rings.incrementAndGet();
                if (!watched.get()) {
                    wrong.incrementAndGet();
                }
            });
            synchronized (current) {
                current.set(bell);
            }
            for (int spin = random.nextInt(2000); spin > 0; spin--) {
                Thread.onSpinWait();
            }
            loop.call(() -> {
                loop.unwatch(bell);
                watched.set(false);
                return true;
            });
            synchronized (current) {
                current.set(null);
                bell.close();
            }
        }
        done.set(true);
        ringer.join();
        assertEquals(0, wrong.get());
        assertTrue(rings.get() > 100, "the bell was hardly heard: " + rings.get());
        assertEquals(List.of(), loop.call(() -> failures));
    }

    @Test
    void aHandlerMayUnwatchItselfAndAnother() throws Exception {
        try (EventFd first = EventFd.create();
                EventFd second = EventFd.create()) {
            AtomicInteger rings = new AtomicInteger();
            Runnable either = () -> {
                rings.incrementAndGet();
                loop.unwatch(first);
                loop.unwatch(second);
            };
            loop.call(() -> {
                loop.watch(first, either);
                loop.watch(second, either);
                // Both are ready in one batch.
                first.signal();
                second.signal();
                return true;
            });
            await(rings, 1);
            for (int i = 0; i < 10; i++) {
                loop.call(() -> 0);
            }
            assertEquals(1, rings.get());
        }
    }

    @Test
    void aSourceCanBeWatchedOnceOnly() {
        try (EventFd bell = EventFd.create()) {
            watch(bell, () -> {});
            assertThrows(IllegalStateException.class, () -> watch(bell, () -> {}));
            unwatch(bell);
            watch(bell, () -> {});
            unwatch(bell);
        }
    }

    @Test
    void otherThreadsMayNotTouchWhatTheLoopOwns() {
        try (EventFd bell = EventFd.create()) {
            assertThrows(IllegalStateException.class, () -> loop.watch(bell, () -> {}));
            assertThrows(IllegalStateException.class, () -> loop.fdatasync(bell.fd(), result -> {}));
        }
    }

    @Test
    void hooksRunOnceForABatchOfCompletions() throws Exception {
        int fd = open("hooks", 64 * 512);
        AtomicInteger completions = new AtomicInteger();
        AtomicInteger batches = new AtomicInteger();
        AtomicInteger seenAtHook = new AtomicInteger();
        CountDownLatch all = new CountDownLatch(64);
        loop.call(() -> {
            loop.afterBatch(() -> {
                if (completions.get() > seenAtHook.getAndSet(completions.get())) {
                    batches.incrementAndGet();
                }
            });
            for (int i = 0; i < 64; i++) {
                Buffer buffer = new Buffer(512);
                loop.readv(fd, buffer.vector, i * 512L, result -> {
                    completions.incrementAndGet();
                    all.countDown();
                });
            }
            assertEquals(0, completions.get(), "a completion ran before readv returned");
            return true;
        });
        assertTrue(all.await(10, TimeUnit.SECONDS));
        assertEquals(64, loop.call(seenAtHook::get));
        // What is in the page cache is read while the batch is handed over, so few batches answer all.
        assertTrue(batches.get() <= 32, batches + " batches");
        FileIo.close(fd);
    }

    @Test
    void aHookThatWasTakenAwayDoesNotRun() {
        AtomicInteger runs = new AtomicInteger();
        Runnable hook = runs::incrementAndGet;
        loop.call(() -> {
            loop.afterBatch(hook);
            return true;
        });
        int before = loop.call(() -> {
            loop.removeAfterBatch(hook);
            return runs.get();
        });
        loop.call(() -> 0);
        loop.call(() -> 0);
        assertEquals(before, runs.get());
    }

    @Test
    void moreOperationsThanTheRingsHoldAllComplete() throws Exception {
        int operations = 5000;
        int fd = open("many", 512);
        CountDownLatch all = new CountDownLatch(operations);
        AtomicInteger bytes = new AtomicInteger();
        loop.call(() -> {
            for (int i = 0; i < operations; i++) {
                loop.readv(fd, new Buffer(512).vector, 0, result -> {
                    bytes.addAndGet(result);
                    all.countDown();
                });
            }
            return true;
        });
        assertTrue(all.await(30, TimeUnit.SECONDS), all + " are left");
        assertEquals(operations * 512, bytes.get());
        FileIo.close(fd);
    }

    @Test
    void moreSignalsThanTheRingsHoldAreAllSeen() throws Exception {
        List<EventFd> bells = new ArrayList<>();
        CountDownLatch all = new CountDownLatch(1500);
        for (int i = 0; i < 1500; i++) {
            bells.add(EventFd.create());
        }
        loop.call(() -> {
            for (EventFd bell : bells) {
                loop.watch(bell, all::countDown);
            }
            return true;
        });
        loop.call(() -> {
            bells.forEach(EventFd::signal);
            return true;
        });
        assertTrue(all.await(30, TimeUnit.SECONDS), all + " are left");
        bells.forEach(this::unwatch);
        bells.forEach(EventFd::close);
    }

    @Test
    void whatIsScheduledRunsInOrderAndNotBeforeItsTime() throws Exception {
        long start = System.nanoTime();
        List<Integer> order = new ArrayList<>();
        CountDownLatch all = new CountDownLatch(3);
        List<Long> times = new ArrayList<>();
        loop.call(() -> {
            for (int millis : new int[] {30, 5, 15}) {
                loop.schedule(millis * 1_000_000L, () -> {
                    order.add(millis);
                    times.add((System.nanoTime() - start) / 1_000_000);
                    all.countDown();
                });
            }
            loop.schedule(Long.MAX_VALUE, () -> order.add(-1));
            return true;
        });
        assertTrue(all.await(10, TimeUnit.SECONDS));
        assertEquals(List.of(5, 15, 30), order);
        for (int i = 0; i < 3; i++) {
            assertTrue(times.get(i) >= order.get(i), times.toString());
        }
    }

    @Test
    void aTimerThatSchedulesItselfLeavesRoomForOthers() {
        AtomicBoolean stop = new AtomicBoolean();
        loop.post(new Runnable() {
            @Override
            public void run() {
                if (!stop.get()) {
                    loop.schedule(0, this);
                }
            }
        });
        for (int i = 0; i < 100; i++) {
            assertEquals(5, loop.call(() -> 5));
        }
        stop.set(true);
    }

    @Test
    void aRangeOfAFileIsGivenBackAndReadsAsZeros() throws Exception {
        Path file = Files.write(folder.resolve("hole"), new byte[] {1, 2, 3, 4, 5, 6, 7, 8});
        int fd = FileIo.open(file.toString(), true);
        assertEquals(0, await(done -> loop.fallocate(fd, Fallocate.PUNCH_HOLE | Fallocate.KEEP_SIZE, 2, 3, done)));
        assertArrayEquals(new byte[] {1, 2, 0, 0, 0, 6, 7, 8}, Files.readAllBytes(file));
        assertEquals(-Errno.EINVAL, await(done -> loop.fallocate(fd, 0, 0, 0, done)));
        FileIo.close(fd);
    }

    @Test
    void aStableWriteMovesItsData() throws Exception {
        int fd = open("stable", 1024);
        Buffer buffer = new Buffer(512);
        buffer.bytes.fill((byte) 7);
        assertEquals(512, await(done -> loop.writevStable(fd, buffer.vector, 512, done)));
        byte[] content = Files.readAllBytes(folder.resolve("stable"));
        assertEquals(0, content[511]);
        assertEquals(7, content[512]);
        FileIo.close(fd);
    }

    @Test
    void socketsAreReadAndWrittenAsFarAsTheyGo() throws Exception {
        Path name = folder.resolve("socket");
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(name));
            try (Socket ours = Socket.of(Socket.connectUnix(name.toString(), 1000));
                    SocketChannel theirs = server.accept()) {
                Buffer buffer = new Buffer(4 << 20);
                CompletableFuture<Integer> read = new CompletableFuture<>();
                loop.post(() -> loop.readv(ours.fd(), buffer.vector, -1, read::complete));
                assertEquals(2, loop.call(() -> 2));
                assertFalse(read.isDone(), "there is nothing to read yet");
                theirs.write(ByteBuffer.wrap(new byte[] {1, 2, 3}));
                assertEquals(3, read.get(10, TimeUnit.SECONDS));
                assertEquals(3, buffer.bytes.get(ValueLayout.JAVA_BYTE, 2));
                // More than a socket holds: it is written as far as there is room.
                CompletableFuture<Integer> sent = new CompletableFuture<>();
                loop.post(() -> loop.writev(ours.fd(), buffer.vector, -1, sent::complete));
                ByteBuffer received = ByteBuffer.allocate(4 << 20);
                int all = 0;
                // All may be here before the loop has said so: a read that waited would wait for ever.
                theirs.configureBlocking(false);
                while (!sent.isDone() || all < sent.join()) {
                    all += theirs.read(received);
                    Thread.onSpinWait();
                }
                assertEquals(sent.join(), all);
                assertEquals(3, received.get(2));
                theirs.shutdownOutput();
                assertEquals(0, await(done -> loop.readv(ours.fd(), buffer.vector, -1, done)));
            }
        }
    }

    /** Starts an operation on the loop and waits for its result. */
    private int await(Consumer<IoCompletion> operation) {
        CompletableFuture<Integer> result = new CompletableFuture<>();
        loop.post(() -> operation.accept(result::complete));
        return result.join();
    }

    @Test
    void errorsArriveAsNegativeNumbers() throws Exception {
        AtomicInteger answer = new AtomicInteger();
        CountDownLatch done = new CountDownLatch(1);
        loop.call(() -> {
            loop.readv(1 << 20, new Buffer(512).vector, 0, result -> {
                answer.set(result);
                done.countDown();
            });
            return true;
        });
        assertTrue(done.await(10, TimeUnit.SECONDS));
        assertEquals(-Errno.EBADF, answer.get());
    }

    @Test
    void closingLetsEverythingEnd() throws Exception {
        for (int round = 0; round < 200; round++) {
            EventLoop other = EventLoops.start("short loop", options);
            int fd = open("round", 1 << 16);
            AtomicInteger messages = new AtomicInteger();
            AtomicInteger chains = new AtomicInteger();
            EventFd bell = EventFd.create();
            other.post(() -> {
                // A guest that never stops ringing cannot keep a loop from ending.
                other.watch(bell, bell::signal);
                bell.signal();
                chain(other, fd, 5, chains);
            });
            for (int i = 0; i < 10; i++) {
                other.post(messages::incrementAndGet);
            }
            other.close();
            assertEquals(10, messages.get());
            assertEquals(5, chains.get());
            assertThrows(IllegalStateException.class, () -> other.post(() -> {}));
            assertThrows(IllegalStateException.class, () -> other.call(() -> 1));
            other.close();
            FileIo.close(fd);
            bell.close();
        }
    }

    /** Writes and flushes {@code left} times, each when the one before has completed. */
    private static void chain(EventLoop loop, int fd, int left, AtomicInteger done) {
        if (left > 0) {
            loop.writev(
                    fd,
                    new Buffer(4096).vector,
                    left * 4096L,
                    written -> loop.fdatasync(fd, synced -> {
                        if (written == 4096 && synced == 0) {
                            done.incrementAndGet();
                        }
                        chain(loop, fd, left - 1, done);
                    }));
        }
    }

    @Test
    void postsThatRaceWithCloseEitherRunOrAreRefused() throws Exception {
        for (int round = 0; round < 40; round++) {
            EventLoop other = EventLoops.start("race", options);
            AtomicInteger accepted = new AtomicInteger();
            AtomicInteger ran = new AtomicInteger();
            List<Thread> posters = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                posters.add(Thread.ofPlatform().start(() -> {
                    try {
                        while (true) {
                            other.post(ran::incrementAndGet);
                            accepted.incrementAndGet();
                        }
                    } catch (IllegalStateException closed) {
                        // That is what ends it.
                    }
                }));
            }
            other.close();
            for (Thread poster : posters) {
                poster.join();
            }
            assertEquals(accepted.get(), ran.get());
        }
    }

    @Test
    void aLoopCannotCloseItself() {
        assertThrows(
                IllegalStateException.class,
                () -> loop.call(() -> {
                    loop.close();
                    return true;
                }));
    }

    private int open(String name, int size) throws IOException {
        Path file = folder.resolve(name);
        Files.write(file, new byte[size]);
        int fd = FileIo.open(file.toString(), true);
        assertTrue(fd >= 0);
        return fd;
    }

    private void watch(EventFd source, Runnable handler) {
        loop.call(() -> {
            loop.watch(source, handler);
            return true;
        });
    }

    private void unwatch(EventFd source) {
        loop.call(() -> {
            loop.unwatch(source);
            return true;
        });
    }

    private static void await(AtomicInteger number, int expected) throws InterruptedException {
        for (int i = 0; number.get() < expected; i++) {
            assertTrue(i < 100_000, "waited for " + expected + ", got " + number);
            Thread.sleep(0, 100_000);
        }
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
