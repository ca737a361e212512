package vmm.platform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.time.Instant;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import vmm.bus.Bus;
import vmm.irq.IrqLine;

class RtcTest {
    private Instant now = Instant.parse("2024-02-29T23:58:07.5Z");
    private boolean interrupt;
    private final FakeAlarm alarm = new FakeAlarm();
    private final RtcMemory battery = new RtcMemory();
    private Rtc rtc = start();

    private Rtc start() {
        return new Rtc(() -> now, battery, 3L << 30, 5L << 30, level -> interrupt = level, alarm);
    }

    /** Goes off when the test says so. */
    private final class FakeAlarm implements Alarm {
        private long nanos = -1;
        private Runnable due = () -> {};

        @Override
        public void set(long nanosFromNow, Runnable whatIsDue) {
            nanos = nanosFromNow;
            due = whatIsDue;
        }

        @Override
        public void cancel() {
            nanos = -1;
        }

        /** Lets time pass until it goes off. */
        void goOff() {
            now = now.plusNanos(nanos);
            nanos = -1;
            due.run();
        }
    }

    private int in(int register) {
        rtc.write(0, 1, register);
        return (int) rtc.read(1, 1);
    }

    private void out(int register, int value) {
        rtc.write(0, 1, register);
        rtc.write(1, 1, value);
    }

    private int memory(int address, int bytes) {
        int value = 0;
        for (int i = bytes - 1; i >= 0; i--) {
            value = (value << 8) | in(address + i);
        }
        return value;
    }

    private String time() {
        return "%02x%02x-%02x-%02x %02x:%02x:%02x".formatted(in(0x32), in(9), in(8), in(7), in(4), in(2), in(0));
    }

    @Test
    void theTimeIsTheHostsInUtc() {
        assertEquals("2024-02-29 23:58:07", time());
        assertEquals(5, in(6), "a Thursday");
        now = now.plus(Duration.ofMinutes(2));
        assertEquals("2024-03-01 00:00:07", time());
        assertEquals(6, in(6), "a Friday");
    }

    @Test
    void theFormatFollowsRegisterB() {
        assertEquals(0x02, in(0x0B), "BCD and 24 hours at first");
        out(0x0B, 0x06);
        assertEquals(58, in(2));
        assertEquals(23, in(4));
        assertEquals(20, in(0x32));
        out(0x0B, 0x04);
        assertEquals(0x80 | 11, in(4));
        out(0x0B, 0x00);
        assertEquals(0x91, in(4));
        now = Instant.parse("2024-03-01T00:30:00Z");
        assertEquals(0x12, in(4), "midnight is 12 AM");
        now = Instant.parse("2024-03-01T12:30:00Z");
        assertEquals(0x92, in(4), "noon is 12 PM");
    }

    @Test
    void theGuestMaySetTheTime() {
        out(0x0B, 0x82);
        int[][] fields = {{0, 0x30}, {2, 0x15}, {4, 0x08}, {7, 0x24}, {8, 0x12}, {9, 0x99}, {0x32, 0x19}};
        for (int[] field : fields) {
            out(field[0], field[1]);
        }
        now = now.plusSeconds(5);
        assertEquals("1999-12-24 08:15:30", time(), "the clock stands while SET is on");
        out(0x0B, 0x02);
        assertEquals("1999-12-24 08:15:30", time());
        now = now.plusSeconds(31);
        assertEquals("1999-12-24 08:16:01", time());
        rtc = start();
        assertEquals("1999-12-24 08:16:01", time(), "the battery keeps it");
    }

    @Test
    void theTimeCanBeSetInTwelveHours() {
        out(0x0B, 0x80);
        out(4, 0x92);
        out(0x0B, 0x00);
        assertEquals(0x92, in(4));
        out(0x0B, 0x02);
        assertEquals(0x12, in(4));
        out(0x0B, 0x80);
        out(4, 0x12);
        out(0x0B, 0x02);
        assertEquals(0x12, in(4), "read in the format it is now in");
    }

    @Test
    void aFieldCanBeSetWhileTheClockRuns() {
        out(2, 0x30);
        assertEquals("2024-02-29 23:30:07", time());
    }

    @Test
    void theClockStandsWhileTheDividerIsHeld() {
        out(0x0A, 0x76);
        now = now.plusSeconds(100);
        assertEquals("2024-02-29 23:58:07", time());
        out(0x0A, 0x26);
        assertEquals("2024-02-29 23:58:07", time());
        now = now.plusSeconds(1);
        assertEquals("2024-02-29 23:58:08", time());
    }

    @Test
    void anUpdateIsAnnouncedJustBeforeTheSecondChanges() {
        assertEquals(0x26, in(0x0A));
        now = Instant.parse("2024-02-29T23:58:07.999755Z");
        assertEquals(0x26, in(0x0A));
        now = Instant.parse("2024-02-29T23:58:07.999757Z");
        assertEquals(0xA6, in(0x0A));
        now = Instant.parse("2024-02-29T23:58:08Z");
        assertEquals(0x26, in(0x0A));
        out(0x0B, 0x82);
        now = Instant.parse("2024-02-29T23:58:08.9999Z");
        assertEquals(0x26, in(0x0A), "no update while SET is on");
    }

    @Test
    void registerCTellsOfUpdatesOnce() {
        in(0x0C);
        assertEquals(0x00, in(0x0C));
        out(0x0A, 0x20);
        now = now.plusSeconds(1);
        assertEquals(0x10, in(0x0C));
        assertEquals(0x00, in(0x0C));
        out(0x0B, 0x12);
        now = now.plusSeconds(1);
        assertEquals(0x90, in(0x0C), "an enabled interrupt shows");
    }

    @Test
    void registerCTellsOfAlarms() {
        out(0x0A, 0x20);
        out(1, 0x10);
        out(3, 0x58);
        out(5, 0x23);
        in(0x0C);
        now = now.plusSeconds(2);
        assertEquals(0x10, in(0x0C));
        now = now.plusSeconds(2);
        assertEquals(0x30, in(0x0C));
        now = now.plusSeconds(86_400);
        assertEquals(0x30, in(0x0C), "every day");
        out(5, 0xFF);
        now = now.plusSeconds(3600);
        assertEquals(0x30, in(0x0C), "every hour");
    }

    @Test
    void registerCTellsOfPeriods() {
        out(0x0A, 0x2F);
        in(0x0C);
        now = now.plusMillis(499);
        assertEquals(0x00, in(0x0C) & 0x40);
        now = now.plusMillis(2);
        assertEquals(0x40, in(0x0C) & 0x40, "twice a second");
    }

    @Test
    void theBatteryIsGood() {
        out(0x0D, 0x00);
        assertEquals(0x80, in(0x0D));
    }

    @Test
    void theMemorySizesAreWhereFirmwareLooks() {
        assertEquals(640, memory(0x15, 2));
        assertEquals(0xFFFF, memory(0x17, 2));
        assertEquals(0xFFFF, memory(0x30, 2));
        assertEquals((3072 - 16) * 16, memory(0x34, 2));
        assertEquals(5 * 1024 * 16, memory(0x5B, 3));
    }

    @Test
    void aSmallMachineSaysSo() {
        var small = new Rtc(() -> now, new RtcMemory(), 8 << 20, 0, IrqLine.UNCONNECTED, Alarm.NONE);
        small.write(0, 1, 0x31);
        assertEquals((7 * 1024) >> 8, small.read(1, 1));
        small.write(0, 1, 0x34);
        assertEquals(0, small.read(1, 1));
    }

    @Test
    void memoryKeepsWhatIsWrittenWhenTheMachineIsReset() {
        out(0x0F, 0x05);
        out(0x7F, 0xAB);
        rtc.setMemory(0x38, 0x21);
        rtc = start();
        assertEquals(0x05, in(0x0F));
        assertEquals(0xAB, in(0xFF), "bit 7 of the index masks the NMI");
        assertEquals(0x21, in(0x38));
        assertThrows(IllegalArgumentException.class, () -> rtc.setMemory(0x0D, 0));
        assertThrows(IllegalArgumentException.class, () -> rtc.setMemory(0x80, 0));
    }

    @Test
    void resetSwitchesInterruptsOff() {
        out(0x0B, 0x7A);
        rtc = start();
        assertEquals(0x02, in(0x0B));
        assertFalse(interrupt);
        assertEquals(0, in(0x0C));
    }

    @Test
    void theTimeThatTheGuestHasSetGoesOnWhenTheMachineIsReset() {
        out(0x32, 0x19);
        out(0x09, 0x99);
        out(0x04, 0x11);
        now = now.plusSeconds(3);
        rtc = start();
        assertEquals("1999-03-01 11:58:10", time(), "1999 had no 29 February");
        out(0x0B, 0x82);
        rtc = start();
        now = now.plusSeconds(3);
        assertEquals("1999-03-01 11:58:10", time(), "it stands while it is set");
        out(0x00, 0x30);
        out(0x0B, 0x02);
        now = now.plusSeconds(3);
        assertEquals("1999-03-01 11:58:33", time());
    }

    @Test
    void itAnswersOnThePortBus() {
        var ports = new Bus();
        rtc.attach(ports);
        ports.write(0x70, 2, 0x5A0F);
        ports.write(0x70, 1, 0x0F);
        assertEquals(0x5A, ports.read(0x71, 1));
        assertEquals(0xFF, ports.read(0x70, 1), "the index is write-only");
    }

    @Test
    void noAccessWhateverMakesItFail() {
        var random = new Random(11);
        int[] sizes = {1, 2, 4, 8};
        for (int i = 0; i < 100_000; i++) {
            now = now.plusMillis(random.nextInt(2000));
            int port = random.nextInt(2);
            int size = sizes[random.nextInt(4)];
            if (random.nextBoolean()) {
                rtc.write(0, 1, random.nextInt(0x10));
            }
            if (random.nextBoolean()) {
                rtc.read(port, size);
            } else {
                rtc.write(port, size, random.nextLong());
            }
        }
    }

    @Test
    void anUpdateInterruptComesWithTheNextSecondAndStaysUntilItIsTaken() {
        out(0x0B, 0x12);
        assertEquals(500_000_000, alarm.nanos);
        alarm.goOff();
        assertTrue(interrupt);
        assertEquals(-1, alarm.nanos, "nothing more before it is taken");
        assertEquals(0x90, in(0x0C) & 0x90);
        assertFalse(interrupt);
        assertEquals(1_000_000_000, alarm.nanos);
        out(0x0B, 0x02);
        assertEquals(-1, alarm.nanos);
    }

    @Test
    void anAlarmInterruptComesAtItsTimeOnly() {
        out(0x01, 0x10);
        out(0x03, 0x58);
        out(0x05, 0x23);
        out(0x0B, 0x22);
        alarm.goOff();
        assertFalse(interrupt);
        assertEquals(1_000_000_000, alarm.nanos);
        alarm.goOff();
        assertFalse(interrupt);
        alarm.goOff();
        assertTrue(interrupt, "23:58:10");
        assertEquals(0xA0, in(0x0C) & 0xA0);
    }

    @Test
    void periodicInterruptsComeAtTheirRate() {
        in(0x0C);
        out(0x0B, 0x42);
        for (int i = 0; i < 1024; i++) {
            alarm.goOff();
            assertTrue(interrupt);
            assertEquals(0xC0, in(0x0C) & 0xC0);
            assertFalse(interrupt);
        }
        assertEquals(Instant.parse("2024-02-29T23:58:08.5Z"), now);
    }

    @Test
    void anAlarmThreadRunsWhatIsDueAndEnds() throws Exception {
        var done = new CountDownLatch(1);
        try (AlarmThread thread = new AlarmThread("test")) {
            thread.set(Long.MAX_VALUE / 2, () -> {});
            thread.set(1, done::countDown);
            done.await();
            thread.set(Long.MAX_VALUE / 2, () -> {});
        }
    }
}
