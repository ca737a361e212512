package vmm.platform;

import vmm.bus.Bus;

/**
 * System control port A (PS/2): fast reset and the gate of address line A20.
 *
 * <p>The gate is always open, and says so whatever was written: KVM has no way to hold an address line down.
 */
public final class Port92 implements BytePorts {
    /** The port. */
    public static final int PORT = 0x92;

    private static final int FAST_RESET = 0x01;
    private static final int A20 = 0x02;

    private final ResetListener listener;
    private int control = A20;

    /** A control port that tells {@code listener} of a reset. */
    public Port92(ResetListener listener) {
        this.listener = listener;
    }

    /** Puts the device at {@link #PORT}. */
    public void attach(Bus ports) {
        ports.add(PORT, 1, "system-control-a", this);
    }

    /** Back to the state after power-on. */
    public synchronized void reset() {
        control = A20;
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
            rising = (value & ~control & FAST_RESET) != 0;
            control = value | A20;
        }
        if (rising) {
            listener.reset("the system control port (port 0x92)");
        }
    }
}
