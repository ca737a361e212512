package vmm.event;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** For how long a loop looks before it waits. */
class PollWindowTest {
    private static final long LIMIT = 32_000;

    private final PollWindow window = new PollWindow(LIMIT);

    private void woken(int times, long idle) {
        for (int i = 0; i < times; i++) {
            window.woken(idle);
        }
    }

    @Test
    void aLoopDoesNotLookAtFirst() {
        assertTrue(window.canOpen());
        assertEquals(0, window.nanos());
    }

    @Test
    void workThatCameLittleTooLateIsLookedForLonger() {
        woken(1, 10_000);
        assertEquals(4_000, window.nanos());
        woken(2, 10_000);
        assertEquals(16_000, window.nanos());
        woken(1, 10_000);
        assertEquals(16_000, window.nanos());
    }

    @Test
    void whatIsFoundMakesItWorthToLookLonger() {
        woken(1, 10_000);
        window.found();
        assertEquals(8_000, window.nanos());
        for (int i = 0; i < 10; i++) {
            window.found();
        }
        assertEquals(LIMIT, window.nanos());
    }

    @Test
    void aSlowAwakeningDoesNotKeepALoopFromLooking() {
        woken(1, LIMIT + 12_000);
        assertTrue(window.nanos() > 0);
        woken(5, LIMIT + 12_000);
        assertEquals(LIMIT, window.nanos());
    }

    @Test
    void norDoesAVerySlowOne() {
        woken(10, 10 * LIMIT);
        assertEquals(0, window.nanos());
        woken(8, 10 * LIMIT);
        assertTrue(window.nanos() > 0, "it was not tried again");
        woken(1, 10 * LIMIT);
        assertEquals(0, window.nanos());
    }

    @Test
    void oneLongPauseDoesNotEndTheLooking() {
        woken(5, 20_000);
        window.found();
        woken(1, 1_000_000);
        assertEquals(LIMIT / 2, window.nanos());
    }

    @Test
    void aLoopWhoseWorkComesSeldomStopsLooking() {
        woken(4, 20_000);
        woken(4, 1_000_000);
        assertEquals(0, window.nanos());
    }

    @Test
    void aLoopThatLooksInVainRestsBeforeItTriesAgain() {
        woken(10, LIMIT + 12_000);
        assertEquals(0, window.nanos());
        woken(63, LIMIT + 12_000);
        assertEquals(0, window.nanos());
        woken(1, LIMIT + 12_000);
        assertTrue(window.nanos() > 0);
    }

    @Test
    void whatIsFoundNowAndThenKeepsItLooking() {
        for (int i = 0; i < 100; i++) {
            woken(6, LIMIT + 12_000);
            window.found();
        }
        assertEquals(LIMIT, window.nanos());
    }

    @Test
    void aLimitOfNothingNeverOpens() {
        PollWindow closed = new PollWindow(0);
        closed.woken(0);
        closed.woken(1);
        assertFalse(closed.canOpen());
        assertEquals(0, closed.nanos());
    }
}
