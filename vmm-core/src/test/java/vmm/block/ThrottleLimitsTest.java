package vmm.block;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import vmm.block.ThrottleLimits.Rate;

class ThrottleLimitsTest {
    private static final Rate NONE = Rate.NONE;
    private static final Rate TEN = Rate.of(10);

    private static String refusal(Rate totalBytes, Rate readBytes, Rate totalIops, Rate writeIops, long size) {
        return String.valueOf(assertThrows(
                        IllegalArgumentException.class,
                        () -> new ThrottleLimits(totalBytes, readBytes, NONE, totalIops, NONE, writeIops, size))
                .getMessage());
    }

    @Test
    void aTotalExcludesItsParts() {
        assertEquals(
                "total-bytes-sec= and read-bytes-sec= cannot be set at the same time; leave one out.",
                refusal(TEN, TEN, NONE, NONE, 0));
        assertEquals(
                "total-iops-sec= and write-iops-sec= cannot be set at the same time; leave one out.",
                refusal(NONE, NONE, TEN, TEN, 0));
        assertFalse(new ThrottleLimits(TEN, NONE, NONE, NONE, TEN, TEN, 0).isNone());
    }

    @Test
    void aBurstGoesAboveALimit() {
        assertEquals(
                "total-bytes-sec-max= is a burst above a limit that does not exist; add total-bytes-sec=, or leave it"
                        + " out.",
                refusal(new Rate(0, 10, 1), NONE, NONE, NONE, 0));
        assertEquals(
                "read-bytes-sec-max=9 is below read-bytes-sec=10, so it would be no burst; raise it.",
                refusal(NONE, new Rate(10, 9, 1), NONE, NONE, 0));
        assertEquals(
                "total-iops-sec-max-length= is the length of a burst that does not exist; add total-iops-sec-max=, or"
                        + " leave it out.",
                refusal(NONE, NONE, new Rate(10, 0, 2), NONE, 0));
    }

    @Test
    void numbersHaveRanges() {
        long most = ThrottleLimits.MAX_RATE;
        assertTrue(
                refusal(Rate.of(most + 1), NONE, NONE, NONE, 0).startsWith("total-bytes-sec=1000000000000001 is not"));
        assertTrue(refusal(Rate.of(-1), NONE, NONE, NONE, 0).startsWith("total-bytes-sec=-1 is not"));
        assertTrue(refusal(new Rate(1, most + 1, 1), NONE, NONE, NONE, 0).startsWith("total-bytes-sec-max="));
        assertTrue(refusal(new Rate(1, 10, 0), NONE, NONE, NONE, 0).startsWith("total-bytes-sec-max-length=0 is not"));
        assertTrue(refusal(new Rate(1, most, 2), NONE, NONE, NONE, 0).startsWith("total-bytes-sec-max-length=2 is"));
        assertTrue(refusal(NONE, NONE, TEN, NONE, -1).startsWith("size-iops-sec=-1 is not"));
        assertTrue(new ThrottleLimits(Rate.of(most), NONE, NONE, NONE, NONE, NONE, 0)
                        .totalBytes()
                        .perSecond()
                == most);
    }

    @Test
    void aSizeOfOperationsNeedsALimitOfThem() {
        assertEquals(
                "size-iops-sec= counts long requests several times, but nothing limits their number; add"
                        + " total-iops-sec=, or leave it out.",
                refusal(TEN, NONE, NONE, NONE, 4096));
    }
}
