package vmm.pci.chipset;

import java.util.function.LongSupplier;
import vmm.bus.BusDevice;
import vmm.irq.IrqLine;

/**
 * The ACPI fixed hardware registers (ACPI 6.5 4.8.3): PM1a event block at 0, PM1a control at 4, PM timer at 8; and
 * behind them the general-purpose events of block 0 (4.8.4.1), where a PIIX4 has them.
 *
 * <p>There is no system management mode that could own the events, so the machine is always in ACPI mode and SCI_EN
 * reads 1. Any thread may call.
 */
public final class PmRegisters implements BusDevice {
    /** The SLP_TYP value that means S5, for the package of the \_S5 object. */
    public static final int SLP_TYP_S5 = 0;

    /** Where PM1_STS is, 16 bits, followed by PM1_EN, 16 bits. */
    public static final int PM1_EVENT = 0;

    /** Where PM1_CNT is, 16 bits. */
    public static final int PM1_CONTROL = 4;

    /** Where the PM timer is, 32 bits of which 24 count. */
    public static final int PM_TIMER = 8;

    /** Where GPE0_STS is, 16 bits, followed by GPE0_EN, 16 bits. */
    public static final int GPE0 = 12;

    /** How many general-purpose events there are. */
    public static final int GPES = 16;

    /** How many ports the registers take. */
    public static final int SIZE = 64;

    /** Ticks of the PM timer per second. */
    public static final long PM_TIMER_HZ = 3_579_545;

    private static final long NANOS_PER_SECOND = 1_000_000_000;
    private static final int TIMER_BITS = 0xff_ffff;
    /** The timer's status bit is set whenever bit 23 changes. */
    private static final int TIMER_CARRY_SHIFT = 23;

    private static final int TIMER_STATUS = 1;
    private static final int GLOBAL_STATUS = 1 << 5;
    private static final int POWER_BUTTON_STATUS = 1 << 8;
    private static final int RTC_STATUS = 1 << 10;
    private static final int ENABLE_BITS = TIMER_STATUS | GLOBAL_STATUS | POWER_BUTTON_STATUS | RTC_STATUS;
    private static final int SCI_ENABLE = 1;
    private static final int BUS_MASTER_RELOAD = 1 << 1;
    private static final int SLEEP_TYPE_SHIFT = 10;
    private static final int SLEEP_TYPE_BITS = 7;
    private static final int SLEEP_ENABLE = 1 << 13;
    private static final int CONTROL_BITS = BUS_MASTER_RELOAD | (SLEEP_TYPE_BITS << SLEEP_TYPE_SHIFT);

    private final IrqLine sci;
    private final PowerEvents powerEvents;
    private final LongSupplier nanoClock;
    private final long epoch;

    private int status;
    private int enable;
    private int control = SCI_ENABLE;
    private int gpeStatus;
    private int gpeEnable;
    private long carriesSeen;
    private boolean sciLevel;

    PmRegisters(IrqLine sci, PowerEvents powerEvents, LongSupplier nanoClock) {
        this.sci = sci;
        this.powerEvents = powerEvents;
        this.nanoClock = nanoClock;
        this.epoch = nanoClock.getAsLong();
    }

    synchronized void reset() {
        status = 0;
        enable = 0;
        control = SCI_ENABLE;
        gpeStatus = 0;
        gpeEnable = 0;
        carriesSeen = ticks() >>> TIMER_CARRY_SHIFT;
        driveSci();
    }

    synchronized void pressPowerButton() {
        status |= POWER_BUTTON_STATUS;
        driveSci();
    }

    synchronized void raiseGpe(int number) {
        if (number < 0 || number >= GPES) {
            throw new IllegalArgumentException("There is no general-purpose event " + number + ".");
        }
        gpeStatus |= 1 << number;
        driveSci();
    }

    @Override
    public synchronized long read(long offset, int size) {
        long value = 0;
        for (int i = size - 1; i >= 0; i--) {
            value = (value << Byte.SIZE) | readByte((int) offset + i);
        }
        return value;
    }

    private int readByte(int offset) {
        int register = switch (offset & ~3) {
            case PM1_EVENT -> {
                followTimer();
                yield status | (enable << Short.SIZE);
            }
            case PM1_CONTROL -> control;
            case PM_TIMER -> (int) ticks() & TIMER_BITS;
            case GPE0 -> gpeStatus | (gpeEnable << Short.SIZE);
            default -> 0;
        };
        return (register >>> ((offset & 3) * Byte.SIZE)) & 0xff;
    }

    @Override
    public void write(long offset, int size, long value) {
        boolean sleep = false;
        synchronized (this) {
            followTimer();
            for (int i = 0; i < size; i++) {
                sleep |= writeByte((int) offset + i, (int) (value >>> (i * Byte.SIZE)) & 0xff);
            }
            driveSci();
            sleep &= ((control >>> SLEEP_TYPE_SHIFT) & SLEEP_TYPE_BITS) == SLP_TYP_S5;
        }
        if (sleep) {
            powerEvents.powerOff();
        }
    }

    /** True if the write sets SLP_EN, which is never stored (ACPI 6.5 4.8.3.2.1). */
    private boolean writeByte(int offset, int value) {
        int shift = (offset & 1) * Byte.SIZE;
        int bits = value << shift;
        int kept = ~(0xff << shift);
        switch (offset & ~1) {
            case PM1_EVENT -> status &= ~bits;
            case PM1_EVENT + 2 -> enable = ((enable & kept) | bits) & ENABLE_BITS;
            case PM1_CONTROL -> {
                control = (((control & kept) | bits) & CONTROL_BITS) | SCI_ENABLE;
                return (bits & SLEEP_ENABLE) != 0;
            }
            case GPE0 -> gpeStatus &= ~bits;
            case GPE0 + 2 -> gpeEnable = (gpeEnable & kept) | bits;
            default -> {}
        }
        return false;
    }

    private long ticks() {
        long nanos = nanoClock.getAsLong() - epoch;
        return nanos / NANOS_PER_SECOND * PM_TIMER_HZ + nanos % NANOS_PER_SECOND * PM_TIMER_HZ / NANOS_PER_SECOND;
    }

    /** Brings the timer's status up to date. It is looked at when the guest looks, so it interrupts no idle guest. */
    private void followTimer() {
        long carries = ticks() >>> TIMER_CARRY_SHIFT;
        if (carries != carriesSeen) {
            carriesSeen = carries;
            status |= TIMER_STATUS;
        }
    }

    private void driveSci() {
        boolean level = (status & enable) != 0 || (gpeStatus & gpeEnable) != 0;
        if (level != sciLevel) {
            sciLevel = level;
            sci.set(level);
        }
    }
}
