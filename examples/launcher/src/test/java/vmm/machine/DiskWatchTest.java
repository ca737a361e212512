package vmm.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import vmm.block.BlockQueue;
import vmm.block.BlockRequest;
import vmm.block.BlockRequest.Operation;
import vmm.block.DiskErrorListener;
import vmm.block.ErrorPolicy;
import vmm.block.ErrorPolicy.Action;
import vmm.block.ErrorPolicyDisk;
import vmm.block.FakeDisk;
import vmm.event.SteppedEventLoop;
import vmm.linux.Errno;
import vmm.linux.IoVector;

@Timeout(60)
class DiskWatchTest {
    private static final int NOT_YET = -1;
    private static final int SIZE = 1 << 16;

    private final SteppedEventLoop loop = new SteppedEventLoop();
    private final List<String> machine = new ArrayList<>();
    private final BlockingQueue<String> user = new ArrayBlockingQueue<>(100);
    private final DiskWatch watch =
            new DiskWatch(() -> machine.add("pause"), () -> machine.add("resume"), user::add, 5_000_000);

    @AfterEach
    void close() {
        watch.close();
    }

    private static final class Request extends BlockRequest {
        private int errno = NOT_YET;

        Request(Operation operation) {
            super(new IoVector(1));
            if (operation.movesData()) {
                prepare(operation, 0);
            } else {
                prepareRange(operation, 0, 512, true);
            }
        }

        @Override
        public void completed(int end) {
            assertEquals(NOT_YET, errno, "answered twice");
            errno = end;
        }
    }

    private ErrorPolicyDisk guarded(FakeDisk disk) {
        return new ErrorPolicyDisk(disk, new ErrorPolicy(Action.STOP, Action.STOP), new DiskErrorListener() {
            @Override
            public void held(ErrorPolicyDisk held, Operation operation, int errno) {
                watch.held(held, operation, errno);
            }

            @Override
            public void released(ErrorPolicyDisk released, int errno) {
                watch.released(released, errno);
            }
        });
    }

    private Request ask(BlockQueue queue, Operation operation) {
        Request request = new Request(operation);
        queue.submit(request);
        return request;
    }

    private String told() throws InterruptedException {
        String sentence = user.poll(10, TimeUnit.SECONDS);
        assertTrue(sentence != null, "the user was told nothing");
        return sentence;
    }

    private void awaitEnd(Request request) throws InterruptedException {
        while (request.errno == NOT_YET) {
            loop.runUntilIdle();
            Thread.sleep(1);
        }
    }

    @Test
    void theMachineIsPausedUntilTheRequestSucceedsByItself() throws InterruptedException {
        FakeDisk disk = new FakeDisk(SIZE);
        BlockQueue queue = guarded(disk).openQueue(loop);
        disk.failAt(0, SIZE, Errno.ENOSPC);
        Request write = ask(queue, Operation.WRITE_ZEROES);
        Request second = ask(queue, Operation.WRITE_ZEROES);
        assertEquals(List.of("pause"), machine);
        String trouble = told();
        assertTrue(trouble.contains("Disk fake cannot be written"), trouble);
        assertTrue(trouble.contains("make room"), trouble);
        while (disk.asked().size() < 8) {
            loop.runUntilIdle();
            Thread.sleep(1);
        }
        assertEquals(List.of("pause"), machine, "attempts that fail change nothing");
        disk.repair();
        awaitEnd(write);
        awaitEnd(second);
        assertEquals(0, write.errno);
        assertEquals(0, second.errno);
        assertEquals(List.of("pause", "resume"), machine);
        assertEquals("Disk fake works again; the machine goes on.", told());
        assertTrue(user.isEmpty());
    }

    @Test
    void theMachineWaitsForTheLastOfSeveralDisks() throws InterruptedException {
        FakeDisk one = new FakeDisk(SIZE);
        FakeDisk other = new FakeDisk(SIZE);
        one.failAt(0, SIZE, Errno.ENOSPC);
        other.failAt(0, SIZE, Errno.EIO);
        Request write = ask(guarded(one).openQueue(loop), Operation.WRITE_ZEROES);
        Request discard = ask(guarded(other).openQueue(loop), Operation.DISCARD);
        told();
        String trouble = told();
        assertFalse(trouble.contains("make room"), trouble);
        one.repair();
        awaitEnd(write);
        String better = told();
        assertTrue(better.contains("another disk still has to"), better);
        assertEquals(List.of("pause"), machine);
        other.repair();
        awaitEnd(discard);
        assertEquals(List.of("pause", "resume"), machine);
    }

    @Test
    void newsThatAnotherQueueHasOvertakenIsNotBelieved() throws InterruptedException {
        FakeDisk disk = new FakeDisk(SIZE);
        ErrorPolicyDisk guarded = guarded(disk);
        BlockQueue queue = guarded.openQueue(loop);
        disk.failAt(0, SIZE, Errno.ENOSPC);
        Request write = ask(queue, Operation.WRITE_ZEROES);
        // What the queue of an earlier request may say so late.
        watch.released(guarded, 0);
        assertEquals(List.of("pause"), machine);
        disk.repair();
        awaitEnd(write);
        assertEquals(List.of("pause", "resume"), machine);
        watch.released(guarded, 0);
        assertEquals(List.of("pause", "resume"), machine);
    }

    @Test
    void requestsThatNobodyWantsAnyMoreLetTheMachineGoOn() throws InterruptedException {
        FakeDisk disk = new FakeDisk(SIZE);
        BlockQueue queue = guarded(disk).openQueue(loop);
        disk.failAt(0, SIZE, Errno.ENOSPC);
        Request write = ask(queue, Operation.WRITE_ZEROES);
        told();
        queue.drain(true);
        assertEquals(Errno.ENOSPC, write.errno);
        assertEquals(List.of("pause", "resume"), machine);
        assertEquals("Nothing waits for disk fake now; the machine goes on.", told());
    }

    @Test
    void aClosedWatchTriesAndTellsNothing() throws InterruptedException {
        FakeDisk disk = new FakeDisk(SIZE);
        BlockQueue queue = guarded(disk).openQueue(loop);
        disk.failAt(0, SIZE, Errno.ENOSPC);
        ask(queue, Operation.WRITE_ZEROES);
        told();
        watch.close();
        loop.runUntilIdle();
        int asked = disk.asked().size();
        Thread.sleep(30);
        loop.runUntilIdle();
        assertTrue(disk.asked().size() <= asked + 1, "at most the attempt that was under way");
        queue.drain(true);
        assertTrue(user.isEmpty());
    }
}
