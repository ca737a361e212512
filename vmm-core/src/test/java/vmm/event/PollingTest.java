package vmm.event;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import vmm.linux.EventFd;

/** Loops that look before they wait. */
@Timeout(60)
class PollingTest {
    /** A mailbox that rings only when it was asked to, as a virtqueue does. */
    private static final class Letterbox implements Poller {
        final EventFd bell = EventFd.create();
        final AtomicInteger dropped = new AtomicInteger();
        final AtomicInteger taken = new AtomicInteger();
        final AtomicBoolean ringing = new AtomicBoolean(true);
        final AtomicInteger rings = new AtomicInteger();
        final AtomicInteger polls = new AtomicInteger();

        void drop() {
            dropped.incrementAndGet();
            if (ringing.get()) {
                rings.incrementAndGet();
                bell.signal();
            }
        }

        boolean take() {
            int there = dropped.get();
            return taken.getAndSet(there) != there;
        }

        @Override
        public boolean poll() {
            polls.incrementAndGet();
            ringing.set(false);
            return take();
        }

        @Override
        public boolean beforeWait() {
            ringing.set(true);
            return dropped.get() != taken.get();
        }

        void awaitAll() {
            while (taken.get() != dropped.get()) {
                Thread.onSpinWait();
            }
        }
    }

    private static EventLoop loop(LoopOptions.Kind kind, long pollMaxNanos) {
        return EventLoops.start("polling", LoopOptions.standard().withKind(kind).withPollMaxNanos(pollMaxNanos));
    }

    private static Letterbox serve(EventLoop loop) {
        Letterbox box = new Letterbox();
        loop.call(() -> {
            loop.watch(box.bell, box::take);
            loop.addPoller(box);
            return true;
        });
        return box;
    }

    @ParameterizedTest
    @EnumSource(
            value = LoopOptions.Kind.class,
            names = {"IO_URING", "POLL"})
    void nothingIsLostBetweenLookingAndWaiting(LoopOptions.Kind kind) {
        try (EventLoop loop = loop(kind, 50_000)) {
            Letterbox box = serve(loop);
            for (int i = 0; i < 5_000; i++) {
                box.drop();
                // Now and then long enough for the loop to give up and wait.
                for (int spin = i % 100 == 0 ? 50_000 : i % 7; spin > 0; spin--) {
                    Thread.onSpinWait();
                }
                if (i % 10 == 0) {
                    box.awaitAll();
                }
            }
            box.awaitAll();
            assertTrue(box.polls.get() > 0, "the loop never looked");
            assertTrue(box.rings.get() < 5_000, "the loop was rung for each letter");
        }
    }

    @Test
    void aLoopToldNotToPollOnlyWaits() {
        try (EventLoop loop = loop(LoopOptions.Kind.AUTO, 0)) {
            Letterbox box = serve(loop);
            for (int i = 0; i < 1000; i++) {
                box.drop();
                box.awaitAll();
            }
            assertEquals(0, box.polls.get());
            assertEquals(1000, box.rings.get());
        }
    }

    @Test
    void aLoopWhoseWorkComesSeldomStopsLooking() throws Exception {
        try (EventLoop loop = loop(LoopOptions.Kind.AUTO, 50_000)) {
            Letterbox box = serve(loop);
            for (int i = 0; i < 3; i++) {
                Thread.sleep(20);
                box.drop();
                box.awaitAll();
            }
            int before = box.polls.get();
            for (int i = 0; i < 10; i++) {
                Thread.sleep(5);
                box.drop();
                box.awaitAll();
            }
            assertEquals(before, box.polls.get());
        }
    }

    @Test
    void aPollerThatWasTakenAwayIsNotAskedAgain() {
        try (EventLoop loop = loop(LoopOptions.Kind.AUTO, 1_000_000)) {
            Letterbox box = serve(loop);
            for (int i = 0; i < 1000; i++) {
                box.drop();
                box.awaitAll();
            }
            loop.call(() -> {
                loop.removePoller(box);
                return true;
            });
            int before = box.polls.get();
            for (int i = 0; i < 100; i++) {
                loop.call(() -> 0);
            }
            assertEquals(before, box.polls.get());
        }
    }

    @Test
    void messagesAndTimersAreServedWhileTheLoopIsBusyPolling() {
        AtomicBoolean timer = new AtomicBoolean();
        AtomicInteger looks = new AtomicInteger();
        AtomicInteger rings = new AtomicInteger();
        try (EventFd unpolled = EventFd.create();
                EventLoop loop = loop(LoopOptions.Kind.AUTO, 1_000_000_000)) {
            loop.call(() -> {
                // Never without work, once it is asked.
                loop.addPoller(() -> looks.incrementAndGet() > 0);
                loop.watch(unpolled, rings::incrementAndGet);
                return true;
            });
            while (looks.get() < 100) {
                loop.call(() -> 0);
            }
            loop.call(() -> {
                loop.schedule(1_000_000, () -> timer.set(true));
                return true;
            });
            unpolled.signal();
            while (!timer.get() || rings.get() == 0) {
                Thread.onSpinWait();
            }
            assertEquals(3, loop.call(() -> 3));
        }
    }
}
