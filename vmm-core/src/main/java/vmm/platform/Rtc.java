package vmm.platform;

import java.time.InstantSource;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoField;
import vmm.bus.Bus;
import vmm.irq.IrqLine;

/**
 * The real-time clock and its battery-backed memory: Motorola MC146818 at ports 0x70 (index) and 0x71 (data), with the
 * century byte and the memory sizes where PC firmware keeps them.
 *
 * <p>The clock runs in UTC at the host's pace; when the guest sets it, the difference is kept. The flags of register C
 * say what has happened since it was last read, and raise interrupt {@value #IRQ} as far as register B lets them. A
 * periodic interrupt that comes before the last one was taken is lost.
 */
public final class Rtc implements BytePorts {
    /** The index port. */
    public static final int PORT = 0x70;

    /** The ISA interrupt that the clock's is wired to. */
    public static final int IRQ = 8;

    /** Where the century is (and what the FADT's CENTURY field has to say). */
    public static final int CENTURY = 0x32;

    private static final int PORTS = 2;
    private static final int INDEX_MASK = 0x7F;
    static final int MEMORY_SIZE = INDEX_MASK + 1;

    private static final int SECONDS = 0x00;
    private static final int SECONDS_ALARM = 0x01;
    private static final int MINUTES = 0x02;
    private static final int MINUTES_ALARM = 0x03;
    private static final int HOURS = 0x04;
    private static final int HOURS_ALARM = 0x05;
    private static final int DAY_OF_WEEK = 0x06;
    private static final int DAY = 0x07;
    private static final int MONTH = 0x08;
    private static final int YEAR = 0x09;
    static final int REGISTER_A = 0x0A;
    static final int REGISTER_B = 0x0B;
    private static final int REGISTER_C = 0x0C;
    private static final int REGISTER_D = 0x0D;
    private static final int[] TIME = {SECONDS, MINUTES, HOURS, DAY_OF_WEEK, DAY, MONTH, YEAR, CENTURY};

    /** Extended memory from 1 MiB in KiB, in two places of two bytes. */
    private static final int EXTENDED_KIB = 0x17;

    private static final int EXTENDED_KIB_AGAIN = 0x30;
    private static final int BASE_KIB = 0x15;

    /** Memory between 16 MiB and 4 GiB, in units of 64 KiB, two bytes. */
    private static final int ABOVE_16_MIB = 0x34;

    /** Memory above 4 GiB, in units of 64 KiB, three bytes. */
    private static final int ABOVE_4_GIB = 0x5B;

    private static final int A_UIP = 0x80;
    private static final int A_DIVIDER_RESET = 0x60;
    private static final int A_RATE = 0x0F;
    static final int A_32768_HZ_1024_HZ = 0x26;

    private static final int B_SET = 0x80;
    private static final int B_PERIODIC = 0x40;
    private static final int B_ALARM = 0x20;
    private static final int B_UPDATE = 0x10;
    private static final int B_INTERRUPTS = B_PERIODIC | B_ALARM | B_UPDATE;
    private static final int B_SQWE = 0x08;
    private static final int B_BINARY = 0x04;
    static final int B_24_HOURS = 0x02;

    private static final int C_IRQF = 0x80;
    private static final int C_PF = 0x40;
    private static final int C_AF = 0x20;
    private static final int C_UF = 0x10;

    private static final int D_VRT = 0x80;

    private static final int PM = 0x80;
    private static final int ANY = 0xC0;

    private static final int CRYSTAL_HZ = 32768;
    private static final int NANOS_PER_SECOND = 1_000_000_000;

    /** UIP is set so long before the time changes (data sheet: t_BUC). */
    private static final int UPDATE_NOTICE_NANOS = 244_000;

    private static final int SECONDS_PER_DAY = 86_400;
    private static final int KIB = 1 << 10;
    private static final int CHUNK = 64 << 10;
    private static final long MIB = 1 << 20;

    private final InstantSource clock;
    private final RtcMemory battery;
    private final IrqLine interrupt;
    private final Alarm alarm;

    /** The battery's. */
    private final byte[] cmos;

    private int index;

    /** Flags of register C that have been seen; others may have come since {@link #flagsSecond}. */
    private int flags;

    /** The host's second, and the periodic tick in it, up to which {@link #flags} were gathered. */
    private long flagsSecond;

    private long flagsTick;

    /** Whether {@link #interrupt} is asserted. */
    private boolean asserted;

    /**
     * A clock that follows {@code clock}. It begins as a reset leaves the chip: time and memory are the battery's, and
     * no interrupt is switched on.
     *
     * @param battery what the clock of the machine before its reset left
     * @param lowMemory bytes of RAM below 4 GiB
     * @param highMemory bytes of RAM above 4 GiB
     * @param interrupt asserted from an interrupt until register C is read
     * @param alarm used while the guest waits for interrupts
     */
    public Rtc(
            InstantSource clock, RtcMemory battery, long lowMemory, long highMemory, IrqLine interrupt, Alarm alarm) {
        this.clock = clock;
        this.battery = battery;
        this.cmos = battery.cmos;
        this.interrupt = interrupt;
        this.alarm = alarm;
        put(BASE_KIB, Math.min(lowMemory / KIB, 640), 2);
        long extended = Math.clamp((lowMemory - MIB) / KIB, 0, 0xFFFF);
        put(EXTENDED_KIB, extended, 2);
        put(EXTENDED_KIB_AGAIN, extended, 2);
        put(ABOVE_16_MIB, Math.clamp((lowMemory - 16 * MIB) / CHUNK, 0, 0xFFFF), 2);
        put(ABOVE_4_GIB, Math.min(highMemory / CHUNK, 0xFFFFFF), 3);
        cmos[REGISTER_B] &= (byte) ~(B_INTERRUPTS | B_SQWE);
        flagsSecond = second();
        flagsTick = tick();
    }

    /** Puts the device at {@link #PORT}. */
    public void attach(Bus ports) {
        ports.add(PORT, PORTS, "rtc", this);
    }

    /**
     * Fills a byte of the memory, for firmware to find.
     *
     * @param address 0x0E to 0x7F
     */
    public synchronized void setMemory(int address, int value) {
        if (address <= REGISTER_D || address > INDEX_MASK) {
            throw new IllegalArgumentException("No CMOS memory at 0x" + Integer.toHexString(address));
        }
        cmos[address] = (byte) value;
    }

    @Override
    public synchronized int readByte(int port) {
        if (port != 1) {
            // The index is write-only.
            return 0xFF;
        }
        return switch (index) {
            case SECONDS, MINUTES, HOURS, DAY_OF_WEEK, DAY, MONTH, YEAR, CENTURY -> {
                if (running()) {
                    latch();
                }
                yield cmos[index] & 0xFF;
            }
            case REGISTER_A -> cmos[REGISTER_A] | (updateInProgress() ? A_UIP : 0);
            case REGISTER_C -> takeFlags();
            case REGISTER_D -> D_VRT;
            default -> cmos[index] & 0xFF;
        };
    }

    @Override
    public synchronized void writeByte(int port, int value) {
        if (port == 0) {
            // Bit 7 masks the NMI, which this machine does not raise.
            index = value & INDEX_MASK;
            return;
        }
        if (port != 1) {
            return;
        }
        switch (index) {
            case SECONDS, MINUTES, HOURS, DAY_OF_WEEK, DAY, MONTH, YEAR, CENTURY -> {
                boolean running = running();
                if (running) {
                    latch();
                }
                cmos[index] = (byte) value;
                if (running) {
                    adopt();
                }
            }
            case REGISTER_A -> {
                gatherFlags();
                control(REGISTER_A, value & ~A_UIP);
                flagsTick = tick();
                followInterrupts();
            }
            case REGISTER_B -> {
                gatherFlags();
                control(REGISTER_B, value);
                followInterrupts();
            }
            case REGISTER_C, REGISTER_D -> {
                // Read-only.
            }
            default -> {
                gatherFlags();
                cmos[index] = (byte) value;
            }
        }
    }

    private void control(int register, int value) {
        boolean wasRunning = running();
        if (wasRunning) {
            latch();
        }
        cmos[register] = (byte) value;
        if (!wasRunning && running()) {
            adopt();
        }
    }

    /** The clock stands still while SET is on or the divider is held in reset (DV 110 and 111). */
    private boolean running() {
        return (cmos[REGISTER_B] & B_SET) == 0 && (cmos[REGISTER_A] & A_DIVIDER_RESET) != A_DIVIDER_RESET;
    }

    private boolean updateInProgress() {
        return running() && clock.instant().get(ChronoField.NANO_OF_SECOND) >= NANOS_PER_SECOND - UPDATE_NOTICE_NANOS;
    }

    /** Brings the time registers up to date, in the format that register B asks for. */
    private void latch() {
        LocalDateTime now = guestTime(second());
        for (int register : TIME) {
            cmos[register] = (byte) encode(register, now);
        }
    }

    /** Takes the time registers' contents for the time from now on; what is out of range carries over. */
    private void adopt() {
        int hours = cmos[HOURS] & 0xFF;
        if ((cmos[REGISTER_B] & B_24_HOURS) != 0) {
            hours = number(hours);
        } else {
            hours = number(hours & ~PM) % 12 + ((hours & PM) != 0 ? 12 : 0);
        }
        int year = number(cmos[CENTURY]) * 100 + number(cmos[YEAR]);
        long time = LocalDateTime.of(year, 1, 1, 0, 0)
                .plusMonths(number(cmos[MONTH]) - 1L)
                .plusDays(number(cmos[DAY]) - 1L)
                .plusHours(hours)
                .plusMinutes(number(cmos[MINUTES]))
                .plusSeconds(number(cmos[SECONDS]))
                .toEpochSecond(ZoneOffset.UTC);
        battery.offset = time - second();
        flagsSecond = second();
    }

    private int encode(int register, LocalDateTime time) {
        return switch (register) {
            case SECONDS -> digits(time.getSecond());
            case MINUTES -> digits(time.getMinute());
            case HOURS -> hours(time.getHour());
            // Sunday is 1.
            case DAY_OF_WEEK -> digits(time.getDayOfWeek().getValue() % 7 + 1);
            case DAY -> digits(time.getDayOfMonth());
            case MONTH -> digits(time.getMonthValue());
            case YEAR -> digits(time.getYear() % 100);
            case CENTURY -> digits(time.getYear() / 100 % 100);
            default -> throw new IllegalArgumentException("Register " + register + " does not hold a time");
        };
    }

    private int hours(int hour) {
        if ((cmos[REGISTER_B] & B_24_HOURS) != 0) {
            return digits(hour);
        }
        return digits((hour + 11) % 12 + 1) | (hour >= 12 ? PM : 0);
    }

    private int digits(int number) {
        return (cmos[REGISTER_B] & B_BINARY) != 0 ? number : ((number / 10) << 4) | (number % 10);
    }

    private int number(int digits) {
        int low = digits & 0xFF;
        return (cmos[REGISTER_B] & B_BINARY) != 0 ? low : (low >> 4) * 10 + (low & 0x0F);
    }

    private int takeFlags() {
        gatherFlags();
        int value = flags | ((flags & cmos[REGISTER_B] & B_INTERRUPTS) != 0 ? C_IRQF : 0);
        flags = 0;
        followInterrupts();
        return value;
    }

    private synchronized void due() {
        gatherFlags();
        followInterrupts();
    }

    /** Drives the wire as the registers say, and waits for the next interrupt if one is still to come. */
    private void followInterrupts() {
        boolean level = (flags & cmos[REGISTER_B] & B_INTERRUPTS) != 0;
        if (level != asserted) {
            asserted = level;
            interrupt.set(level);
        }
        long next = level ? Long.MAX_VALUE : nanosToNext();
        if (next == Long.MAX_VALUE) {
            alarm.cancel();
        } else {
            alarm.set(next, this::due);
        }
    }

    /** How long it is to what may raise the next interrupt; the largest number if nothing will. */
    private long nanosToNext() {
        long next = Long.MAX_VALUE;
        long nanos = clock.instant().get(ChronoField.NANO_OF_SECOND);
        if (running() && (cmos[REGISTER_B] & (B_UPDATE | B_ALARM)) != 0) {
            next = NANOS_PER_SECOND - nanos;
        }
        int hertz = hertz();
        if (hertz != 0 && (cmos[REGISTER_B] & B_PERIODIC) != 0) {
            long tick = nanos * hertz / NANOS_PER_SECOND + 1;
            next = Math.min(next, Math.ceilDiv(tick * NANOS_PER_SECOND, hertz) - nanos);
        }
        return next;
    }

    private void gatherFlags() {
        long now = second();
        if (running() && now > flagsSecond) {
            flags |= C_UF;
            // A day has every time of day in it, so that more need not be looked at.
            for (long at = Math.max(flagsSecond + 1, now - SECONDS_PER_DAY); at <= now; at++) {
                if (alarmMatches((int) Math.floorMod(at + battery.offset, (long) SECONDS_PER_DAY))) {
                    flags |= C_AF;
                    break;
                }
            }
        }
        flagsSecond = now;
        long tick = tick();
        if (tick != flagsTick) {
            flags |= C_PF;
            flagsTick = tick;
        }
    }

    private boolean alarmMatches(int secondOfDay) {
        return matches(SECONDS_ALARM, digits(secondOfDay % 60))
                && matches(MINUTES_ALARM, digits(secondOfDay / 60 % 60))
                && matches(HOURS_ALARM, hours(secondOfDay / 3600));
    }

    private boolean matches(int alarmRegister, int value) {
        int alarm = cmos[alarmRegister] & 0xFF;
        return (alarm & ANY) == ANY || alarm == value;
    }

    /** Counts the periods of register A's rate, if it has one. */
    private long tick() {
        int hertz = hertz();
        var now = clock.instant();
        return now.getEpochSecond() * hertz + (long) now.getNano() * hertz / NANOS_PER_SECOND;
    }

    /** The rate of the periodic interrupt, 0 for none. */
    private int hertz() {
        int rate = cmos[REGISTER_A] & A_RATE;
        if (rate == 0 || (cmos[REGISTER_A] & A_DIVIDER_RESET) == A_DIVIDER_RESET) {
            return 0;
        }
        // Rates 1 and 2 stand for 256 and 128 Hz, as 8 and 9 do.
        return CRYSTAL_HZ >> (rate < 3 ? rate + 6 : rate - 1);
    }

    private LocalDateTime guestTime(long second) {
        return LocalDateTime.ofEpochSecond(second + battery.offset, 0, ZoneOffset.UTC);
    }

    private long second() {
        return clock.instant().getEpochSecond();
    }

    private void put(int address, long value, int bytes) {
        for (int i = 0; i < bytes; i++) {
            cmos[address + i] = (byte) (value >>> (i * Byte.SIZE));
        }
    }
}
