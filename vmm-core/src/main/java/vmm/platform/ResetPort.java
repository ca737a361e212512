package vmm.platform;

import vmm.bus.Bus;

/**
 * The reset control register at port 0xCF9 (82371SB PIIX3, "RC"): a write that takes RCPU from 0 to 1 resets.
 *
 * <p>The port lies inside the range of the PCI configuration address register, which takes four-byte accesses only;
 * this device is one byte long and leaves those alone.
 */
public final class ResetPort implements BytePorts {
    /** The port. */
    public static final int PORT = 0xCF9;

    /** System reset: the whole machine rather than the processor. */
    private static final int SRST = 0x02;

    /** Reset now, when it goes from 0 to 1. */
    private static final int RCPU = 0x04;

    /** Full reset, with the power taken away for a while. */
    private static final int FRST = 0x08;

    private final ResetListener listener;
    private int control;

    /** A reset port that tells {@code listener}. */
    public ResetPort(ResetListener listener) {
        this.listener = listener;
    }

    /** Puts the device at {@link #PORT}. */
    public void attach(Bus ports) {
        ports.add(PORT, 1, "reset-control", this);
    }

    /** Back to the state after power-on. */
    public synchronized void reset() {
        control = 0;
    }

    @Override
    public synchronized int readByte(int offset) {
        return offset == 0 ? control : 0xFF;
    }

    @Override
    public void writeByte(int offset, int value) {
        if (offset != 0) {
            return;
        }
        boolean rising;
        synchronized (this) {
            rising = (value & ~control & RCPU) != 0;
            control = value & (SRST | RCPU | FRST);
        }
        if (rising) {
            listener.reset("the reset control register (port 0xCF9)");
        }
    }
}
