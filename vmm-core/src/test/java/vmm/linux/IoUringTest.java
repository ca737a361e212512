package vmm.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class IoUringTest {
    @Test
    void theProbeSaysWhatTheKernelOffers() {
        IoUring.Support support = IoUring.probe();
        assertTrue(support.available(), support.explanation());
        assertTrue(support.explanation().startsWith("io_uring works, "), support.explanation());
    }

    @Test
    void aPollGoesOnUntilItIsCancelled() {
        try (IoUring ring = IoUring.open(8);
                EventFd bell = EventFd.create()) {
            ring.pollReadable(bell.fd(), 1);
            for (int i = 0; i < 3; i++) {
                ring.enter(0, IoUring.FOREVER);
                assertEquals(0, ring.ready());
                bell.signal();
                take(ring, 1);
                assertTrue(ring.more());
            }
            ring.cancel(1, 2);
            ring.enter(2, IoUring.FOREVER);
            assertEquals(2, ring.ready());
            for (int i = 0; i < 2; i++) {
                ring.take();
                assertEquals(ring.tag() == 1 ? -Errno.ECANCELED : 0, ring.result());
                assertFalse(ring.more());
            }
        }
    }

    @Test
    void completionsThatFindNoRoomAreKeptByTheKernel() {
        try (IoUring ring = IoUring.open(2)) {
            // Cancellations of nothing complete at once, with ENOENT; nobody takes them.
            int added = 0;
            for (; added < 40; added++) {
                while (!ring.hasRoom()) {
                    assertTrue(ring.enter(0, IoUring.FOREVER) >= 0);
                }
                ring.cancel(1000, added);
            }
            int taken = 0;
            while (taken < added) {
                assertTrue(ring.enter(1, IoUring.FOREVER) >= 0);
                for (int ready = ring.ready(); ready > 0; ready--) {
                    ring.take();
                    assertEquals(-Errno.ENOENT, ring.result());
                    assertEquals(taken, ring.tag());
                    taken++;
                }
            }
        }
    }

    private static void take(IoUring ring, long tag) {
        assertTrue(ring.enter(1, IoUring.FOREVER) >= 0);
        assertEquals(1, ring.ready());
        ring.take();
        assertEquals(tag, ring.tag());
        assertTrue(ring.result() > 0);
    }
}
