package vmm.block;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import vmm.block.BlockRequest.Operation;
import vmm.block.ErrorPolicy.Action;
import vmm.event.EventLoop;
import vmm.event.SteppedEventLoop;
import vmm.linux.Errno;

class ErrorPolicyDiskTest {
    private static final ErrorPolicy STOP = new ErrorPolicy(Action.STOP, Action.STOP);

    private final SteppedEventLoop loop = new SteppedEventLoop();
    private final FakeDisk disk = new FakeDisk(1 << 16);
    private final List<String> told = new ArrayList<>();
    private final DiskErrorListener listener = new DiskErrorListener() {
        @Override
        public void held(ErrorPolicyDisk troubled, Operation operation, int errno) {
            told.add(troubled.name() + " " + operation + " " + errno);
        }

        @Override
        public void released(ErrorPolicyDisk healed, int errno) {
            told.add("released " + errno);
        }
    };

    private ErrorPolicyDisk with(ErrorPolicy policy) {
        return new ErrorPolicyDisk(disk, policy, listener);
    }

    private static int ask(BlockQueue queue, TestRequest request) {
        queue.submit(request);
        return request.errno;
    }

    @Test
    void aHeldRequestIsToldOfAndSucceedsOnceTheCauseIsGone() {
        ErrorPolicyDisk filter = with(ErrorPolicy.DEFAULT);
        BlockQueue queue = filter.openQueue(loop);
        disk.failAt(0, 1 << 16, Errno.ENOSPC);
        TestRequest write = TestRequest.write(512, new byte[] {1, 2, 3, 4});
        assertEquals(TestRequest.NOT_YET, ask(queue, write));
        assertEquals(List.of("fake WRITE 28"), told);

        filter.retry();
        loop.runUntilIdle();
        assertEquals(TestRequest.NOT_YET, write.errno);
        assertEquals(List.of("fake WRITE 28", "fake WRITE 28"), told);

        disk.repair();
        filter.retry();
        loop.runUntilIdle();
        assertEquals(0, write.errno);
        assertEquals("released 0", told.getLast());
        assertEquals(3, told.size());
        assertEquals(4, disk.content().get(ValueLayout.JAVA_BYTE, 515));

        filter.retry();
        loop.runUntilIdle();
        assertEquals(3, told.size());
    }

    @Test
    void onlyALackOfSpaceHoldsAWriteByDefaultAndNothingARead() {
        BlockQueue queue = with(ErrorPolicy.DEFAULT).openQueue(loop);
        disk.failAt(0, 512, Errno.EIO);
        disk.failAt(512, 512, Errno.ENOSPC);
        assertEquals(Errno.EIO, ask(queue, TestRequest.write(0, new byte[512])));
        assertEquals(Errno.EIO, ask(queue, TestRequest.read(0, 512)));
        assertEquals(Errno.ENOSPC, ask(queue, TestRequest.read(512, 512)));
        assertEquals(List.of(), told);
        assertEquals(TestRequest.NOT_YET, ask(queue, TestRequest.write(512, new byte[512])));
        queue.drain(true);
    }

    @Test
    void reportAndIgnoreHoldNothing() {
        disk.failAt(0, 1 << 16, Errno.ENOSPC);
        disk.failFlushes(Errno.EIO);
        BlockQueue reporting =
                with(new ErrorPolicy(Action.REPORT, Action.REPORT)).openQueue(loop);
        assertEquals(Errno.ENOSPC, ask(reporting, TestRequest.write(0, new byte[512])));
        assertEquals(Errno.EIO, ask(reporting, TestRequest.flush()));
        BlockQueue ignoring =
                with(new ErrorPolicy(Action.IGNORE, Action.IGNORE)).openQueue(loop);
        assertEquals(0, ask(ignoring, TestRequest.write(0, new byte[512])));
        assertEquals(0, ask(ignoring, TestRequest.read(0, 512)));
        assertEquals(0, ask(ignoring, TestRequest.flush()));
        assertEquals(List.of(), told);
    }

    @Test
    void whatNoSecondAttemptCanMendIsReported() {
        BlockQueue queue = with(STOP).openQueue(loop);
        assertEquals(Errno.EINVAL, ask(queue, TestRequest.read(1 << 16, 512)));
        disk.failAt(0, 512, Errno.EOPNOTSUPP);
        TestRequest zero = new TestRequest(0);
        zero.prepareRange(Operation.WRITE_ZEROES, 0, 512, true);
        assertEquals(Errno.EOPNOTSUPP, ask(queue, zero));
        // The kernel has dropped what it could not write, so a second flush would succeed for nothing.
        disk.failFlushes(Errno.EIO);
        assertEquals(Errno.EIO, ask(queue, TestRequest.flush()));
        assertEquals(List.of(), told);
    }

    @Test
    void aFlushThatHadNoSpaceWaitsForIt() {
        ErrorPolicyDisk filter = with(ErrorPolicy.DEFAULT);
        BlockQueue queue = filter.openQueue(loop);
        disk.failFlushes(Errno.ENOSPC);
        TestRequest flush = TestRequest.flush();
        assertEquals(TestRequest.NOT_YET, ask(queue, flush));
        assertTrue(filter.isHolding());
        disk.repair();
        filter.retry();
        assertTrue(filter.isHolding());
        loop.runUntilIdle();
        assertEquals(0, flush.errno);
        assertFalse(filter.isHolding());
    }

    @Test
    void aDrainEndsHeldRequestsWithTheirErrorsAndHoldsNoMore() {
        ErrorPolicyDisk filter = with(STOP);
        BlockQueue queue = filter.openQueue(loop);
        disk.failAt(0, 512, Errno.EIO);
        disk.failAt(512, 512, Errno.ENOSPC);
        TestRequest first = TestRequest.read(0, 512);
        TestRequest second = TestRequest.write(512, new byte[512]);
        ask(queue, first);
        ask(queue, second);
        queue.drain(true);
        assertEquals(Errno.EIO, first.errno);
        assertEquals(Errno.ENOSPC, second.errno);
        assertEquals(List.of("fake READ 5", "fake WRITE 28", "released 28"), told);
        assertEquals(Errno.EIO, ask(queue, TestRequest.read(0, 512)));
        queue.drain(false);
        TestRequest third = TestRequest.read(0, 512);
        assertEquals(TestRequest.NOT_YET, ask(queue, third));
        queue.drain(true);
        assertEquals(Errno.EIO, third.errno);
    }

    @Test
    void heldRequestsGoOnInTheirOrderAndRecoveryComesWithTheLast() {
        ErrorPolicyDisk filter = with(STOP);
        BlockQueue one = filter.openQueue(loop);
        BlockQueue other = filter.openQueue(loop);
        disk.failAt(0, 1024, Errno.EIO);
        disk.failAt(1024, 512, Errno.EIO);
        List<TestRequest> requests =
                List.of(TestRequest.read(0, 512), TestRequest.read(512, 512), TestRequest.read(1024, 512));
        ask(one, requests.get(0));
        ask(one, requests.get(1));
        ask(other, requests.get(2));
        disk.repair();
        disk.failAt(1024, 512, Errno.EIO);
        filter.retry();
        loop.runUntilIdle();
        assertEquals(0, requests.get(0).errno);
        assertEquals(0, requests.get(1).errno);
        assertEquals(TestRequest.NOT_YET, requests.get(2).errno);
        assertEquals(4, told.size());
        disk.repair();
        filter.retry();
        loop.runUntilIdle();
        assertEquals(0, requests.get(2).errno);
        assertEquals("released 0", told.getLast());
        assertEquals(
                List.of(0L, 512L, 1024L, 0L, 512L, 1024L, 1024L),
                disk.asked().stream().map(FakeDisk.Asked::offset).toList());
    }

    /** Does a part of a write before it fails, as a file does whose file system fills up. */
    private record HalfDisk(FakeDisk whole, AtomicBoolean full) implements BlockDevice {
        @Override
        public long size() {
            return whole.size();
        }

        @Override
        public boolean readOnly() {
            return false;
        }

        @Override
        public String name() {
            return "half";
        }

        @Override
        public BlockQueue openQueue(EventLoop loop) {
            return request -> {
                int errno = request.begin(this);
                if (errno == 0 && full.get()) {
                    request.data().advance(request.data().bytes() / 2 + 1);
                    errno = Errno.ENOSPC;
                } else if (errno == 0) {
                    request.data().copyTo(whole.content(), request.offset());
                }
                request.end(errno);
            };
        }

        @Override
        public void close() {
            whole.close();
        }
    }

    @Test
    void aWriteThatHadMovedAPartIsWrittenInFull() {
        AtomicBoolean full = new AtomicBoolean(true);
        ErrorPolicyDisk filter = new ErrorPolicyDisk(new HalfDisk(disk, full), ErrorPolicy.DEFAULT, listener);
        byte[] bytes = new byte[8192];
        new Random(3).nextBytes(bytes);
        TestRequest write = TestRequest.write(4096, bytes);
        write.scatter(new Random(4), 9);
        ask(filter.openQueue(loop), write);
        filter.retry();
        loop.runUntilIdle();
        full.set(false);
        filter.retry();
        loop.runUntilIdle();
        assertEquals(0, write.errno);
        assertArrayEquals(bytes, disk.content().asSlice(4096, 8192).toArray(ValueLayout.JAVA_BYTE));
    }

    @Test
    void aSlotThatIsUsedForAnotherDiskForgetsTheFilter() {
        BlockQueue filtered = with(STOP).openQueue(loop);
        disk.failAt(0, 512, Errno.EIO);
        TestRequest request = TestRequest.read(512, 512);
        assertEquals(0, ask(filtered, request));
        request.errno = TestRequest.NOT_YET;
        request.prepare(Operation.READ, 0);
        assertEquals(Errno.EIO, ask(disk.openQueue(loop), request));
        assertEquals(List.of(), told);
    }

    @Test
    void aReadCannotWaitForSpace() {
        assertThrows(IllegalArgumentException.class, () -> new ErrorPolicy(Action.ENOSPC, Action.REPORT));
    }
}
