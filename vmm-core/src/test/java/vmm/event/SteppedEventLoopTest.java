package vmm.event;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import vmm.linux.EventFd;
import vmm.linux.FileIo;
import vmm.linux.IoVector;

@Timeout(20)
class SteppedEventLoopTest {
    private final SteppedEventLoop loop = new SteppedEventLoop();
    private final List<String> story = new ArrayList<>();

    @Test
    void nothingHappensBeforeAStep(@TempDir Path folder) throws Exception {
        Path file = Files.write(folder.resolve("file"), new byte[] {10, 20, 30, 40});
        int fd = FileIo.open(file.toString(), true);
        MemorySegment memory = Arena.ofAuto().allocate(4);
        IoVector vector = new IoVector(1);
        vector.add(memory.address(), 4);
        try (EventFd bell = EventFd.create()) {
            loop.watch(bell, () -> story.add("bell"));
            loop.afterBatch(() -> story.add("batch"));
            loop.post(() -> story.add("message"));
            loop.readv(fd, vector, 0, result -> {
                story.add("read " + result);
                loop.fdatasync(fd, synced -> story.add("synced " + synced));
            });
            bell.signal();
            bell.signal();
            assertEquals(List.of(), story);
            assertTrue(loop.step());
            assertEquals(List.of("message", "bell", "read 4", "batch"), story);
            assertEquals(20, memory.get(ValueLayout.JAVA_BYTE, 1));
            assertTrue(loop.step());
            assertEquals(List.of("message", "bell", "read 4", "batch", "synced 0", "batch"), story);
            assertFalse(loop.step());
        } finally {
            FileIo.close(fd);
        }
    }

    @Test
    void aHandlerThatUnwatchesAnotherKeepsItFromRunning() {
        try (EventFd first = EventFd.create();
                EventFd second = EventFd.create()) {
            loop.watch(first, () -> {
                story.add("first");
                loop.unwatch(second);
            });
            loop.watch(second, () -> story.add("second"));
            first.signal();
            second.signal();
            loop.runUntilIdle();
            assertEquals(List.of("first"), story);
        }
    }

    @Test
    void aHookThatTakesAnotherAwayKeepsItFromRunning() {
        Runnable second = () -> story.add("second");
        loop.afterBatch(() -> {
            story.add("first");
            loop.removeAfterBatch(second);
            loop.afterBatch(() -> story.add("third"));
        });
        loop.afterBatch(second);
        loop.post(() -> {});
        loop.step();
        assertEquals(List.of("first"), story);
    }

    @Test
    void whatAHandlerThrowsReachesTheTest() {
        loop.post(() -> {
            throw new ArithmeticException("out");
        });
        assertThrows(ArithmeticException.class, loop::step);
    }

    @Test
    void aLoopThatNeverRestsIsToldOf() {
        loop.post(new Runnable() {
            @Override
            public void run() {
                loop.post(this);
            }
        });
        assertThrows(IllegalStateException.class, loop::runUntilIdle);
    }

    @Test
    void anotherThreadsQuestionIsAnsweredByAStep() throws Exception {
        CompletableFuture<Boolean> answer = new CompletableFuture<>();
        Thread asker = Thread.ofPlatform().start(() -> answer.complete(loop.call(loop::inLoop)));
        while (!loop.step()) {
            Thread.onSpinWait();
        }
        asker.join();
        assertTrue(answer.join());
    }

    @Test
    void whatIsScheduledWaitsForTheTestsClock() {
        loop.schedule(20, () -> story.add("second"));
        loop.schedule(10, () -> {
            story.add("first");
            loop.schedule(0, () -> story.add("at once"));
        });
        loop.schedule(20, () -> story.add("third"));
        assertFalse(loop.step());
        loop.advance(9);
        assertFalse(loop.step());
        loop.advance(1);
        assertTrue(loop.step());
        assertEquals(List.of("first"), story);
        loop.runUntilIdle();
        assertEquals(List.of("first", "at once"), story);
        loop.advance(100);
        loop.runUntilIdle();
        assertEquals(List.of("first", "at once", "second", "third"), story);
        assertFalse(loop.step());
    }

    @Test
    void aPollerIsAskedWhenTheTestSaysAndPreparesForTheNextStep() {
        loop.addPoller(new Poller() {
            private int left = 2;

            @Override
            public boolean poll() {
                story.add("poll");
                return left-- > 0;
            }

            @Override
            public boolean beforeWait() {
                story.add("before wait");
                return left > 0;
            }
        });
        loop.afterBatch(() -> story.add("batch"));
        assertFalse(loop.step());
        assertEquals(List.of(), story);
        assertTrue(loop.poll());
        assertTrue(loop.step());
        assertEquals(List.of("poll", "batch", "before wait", "poll", "batch", "batch"), story);
        story.clear();
        assertFalse(loop.step());
        assertFalse(loop.step());
        assertEquals(List.of("before wait"), story);
    }

    @Test
    void aClosedLoopTakesNoMessages() {
        loop.post(() -> story.add("last"));
        loop.close();
        assertEquals(List.of("last"), story);
        assertThrows(IllegalStateException.class, () -> loop.post(() -> {}));
    }
}
