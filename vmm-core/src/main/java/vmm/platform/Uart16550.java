package vmm.platform;

import java.util.Objects;
import vmm.bus.Bus;
import vmm.irq.IrqLine;

/**
 * A serial port: National Semiconductor's PC16550D, with its FIFOs (the register names are its data sheet's).
 *
 * <p>Bytes take no time on the wire. The transmitter is busy only while its {@link SerialSink} is; received bytes that
 * are fewer than the trigger level raise the character timeout at once. The lines CTS, DSR and DCD are always asserted,
 * except in loopback. The interrupt line follows the chip's INTR pin; the gate that PC boards put behind OUT2 is always
 * open.
 *
 * <p>Any thread may call. The lock is never held while the sink or the room listener runs.
 */
public final class Uart16550 implements BytePorts {
    /** The first serial port's base. */
    public static final int COM1 = 0x3F8;

    /** The first serial port's ISA interrupt. */
    public static final int COM1_IRQ = 4;

    /** How many ports the device takes. */
    public static final int PORTS = 8;

    /** Offset 0: RBR (read), THR (write), DLL (with DLAB). */
    private static final int RBR_THR_DLL = 0;

    /** Offset 1: IER, DLM (with DLAB). */
    private static final int IER_DLM = 1;

    /** Offset 2: IIR (read), FCR (write). */
    private static final int IIR_FCR = 2;

    private static final int LCR = 3;
    private static final int MCR = 4;
    private static final int LSR = 5;
    private static final int MSR = 6;
    private static final int SCR = 7;

    private static final int IER_ERBFI = 0x01;
    private static final int IER_ETBEI = 0x02;
    private static final int IER_ELSI = 0x04;
    private static final int IER_EDSSI = 0x08;
    private static final int IER_MASK = 0x0F;

    private static final int IIR_NONE = 0x01;
    private static final int IIR_LINE_STATUS = 0x06;
    private static final int IIR_DATA = 0x04;
    private static final int IIR_TIMEOUT = 0x0C;
    private static final int IIR_THRE = 0x02;
    private static final int IIR_MODEM_STATUS = 0x00;
    private static final int IIR_FIFOS = 0xC0;

    private static final int FCR_ENABLE = 0x01;
    private static final int FCR_RESET_RCVR = 0x02;
    private static final int FCR_RESET_XMIT = 0x04;
    private static final int FCR_TRIGGER_SHIFT = 6;
    private static final int[] TRIGGER_LEVELS = {1, 4, 8, 14};

    private static final int LCR_DLAB = 0x80;

    private static final int MCR_DTR = 0x01;
    private static final int MCR_RTS = 0x02;
    private static final int MCR_OUT1 = 0x04;
    private static final int MCR_OUT2 = 0x08;
    private static final int MCR_LOOP = 0x10;
    private static final int MCR_MASK = 0x1F;

    private static final int LSR_DR = 0x01;
    private static final int LSR_OE = 0x02;
    private static final int LSR_THRE = 0x20;
    private static final int LSR_TEMT = 0x40;

    private static final int MSR_DELTA_SHIFT = 4;
    private static final int MSR_CTS = 0x10;
    private static final int MSR_DSR = 0x20;
    private static final int MSR_RI = 0x40;
    private static final int MSR_DCD = 0x80;

    private static final int DIVISOR_9600 = 12;

    private final IrqLine line;
    private final SerialSink sink;
    private final Object lock = new Object();

    private final ByteFifo receiver = new ByteFifo();
    private final ByteFifo transmitter = new ByteFifo();
    private int ier;
    private int lcr;
    private int mcr;
    private int scr;
    private int divisor;
    private boolean fifosEnabled;
    private int trigger;
    private boolean overrun;
    private boolean threPending;
    private int modemDeltas;
    private boolean asserted;

    /** A thread is feeding the sink; it takes along whatever arrives meanwhile. */
    private boolean transmitting;

    /** Touched by the thread that set {@link #transmitting} only. */
    private final byte[] outgoing = new byte[ByteFifo.CAPACITY];

    /** Some caller of {@link #receive} was told to wait. */
    private boolean starved;

    private boolean hungUp;

    private volatile Runnable roomListener = () -> {};

    /** A port in its reset state that interrupts on {@code line} and sends to {@code sink}. */
    public Uart16550(IrqLine line, SerialSink sink) {
        this.line = line;
        this.sink = sink;
        reset();
    }

    /** Puts the device at {@code base}, {@link #COM1} for the first serial port. */
    public void attach(Bus ports, int base) {
        ports.add(base, PORTS, "uart", this);
    }

    /** Back to the state after power-on. Received bytes that the guest has not read are dropped. */
    public void reset() {
        boolean room;
        synchronized (lock) {
            receiver.clear();
            transmitter.clear();
            ier = 0;
            lcr = 0;
            mcr = 0;
            scr = 0;
            divisor = DIVISOR_9600;
            fifosEnabled = false;
            trigger = TRIGGER_LEVELS[0];
            overrun = false;
            threPending = false;
            modemDeltas = 0;
            updateLine();
            room = takeRoom();
        }
        tellRoom(room);
    }

    /**
     * Sets what to run when there is room again after {@link #receive} took less than it was given. It runs on a vCPU
     * thread with no lock held, perhaps before that call has returned, and may call {@link #receive} itself.
     */
    public void onRoom(Runnable listener) {
        roomListener = listener;
    }

    /**
     * Gives the guest bytes to read, as many as the receiver has room for: sixteen, one while the FIFOs are off, none
     * in loopback. The caller keeps the others until {@linkplain #onRoom there is room}.
     *
     * @return how many were taken, from the first on
     */
    public int receive(byte[] data, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, data.length);
        synchronized (lock) {
            return receiveLocked(data, offset, length);
        }
    }

    /**
     * Gives the guest all of the bytes, and waits until it has made room for them.
     *
     * @return how many were taken, from the first on; fewer than all only once the line has been {@linkplain #hangUp
     *     hung up}
     */
    public int receiveFully(byte[] data, int offset, int length) throws InterruptedException {
        Objects.checkFromIndexSize(offset, length, data.length);
        synchronized (lock) {
            int taken = receiveLocked(data, offset, length);
            while (taken < length && !hungUp) {
                lock.wait();
                taken += receiveLocked(data, offset + taken, length - taken);
            }
            return taken;
        }
    }

    /** Ends all waiting for a guest that reads no more: nothing is received from now on. */
    public void hangUp() {
        synchronized (lock) {
            hungUp = true;
            lock.notifyAll();
        }
    }

    private int receiveLocked(byte[] data, int offset, int length) {
        int taken = 0;
        if (!loopback() && !hungUp) {
            taken = Math.min(length, receiverCapacity() - receiver.size());
            for (int i = 0; i < taken; i++) {
                receiver.add(data[offset + i]);
            }
            updateLine();
        }
        starved |= taken < length;
        return taken;
    }

    @Override
    public int readByte(int offset) {
        int value;
        boolean room;
        synchronized (lock) {
            value = readRegister(offset);
            updateLine();
            room = takeRoom();
        }
        tellRoom(room);
        return value;
    }

    @Override
    public void writeByte(int offset, int value) {
        boolean room;
        boolean transmit;
        synchronized (lock) {
            writeRegister(offset, value);
            transmit = !transmitting && !transmitter.isEmpty();
            transmitting |= transmit;
            // A byte handed over lowers the line even if it is sent at once: the next interrupt needs an edge.
            updateLine();
            room = takeRoom();
        }
        if (transmit) {
            feedSink();
        }
        tellRoom(room);
    }

    private int readRegister(int offset) {
        return switch (offset) {
            case RBR_THR_DLL -> {
                if (dlab()) {
                    yield divisor & 0xFF;
                }
                yield receiver.isEmpty() ? 0 : receiver.remove();
            }
            case IER_DLM -> dlab() ? divisor >> Byte.SIZE : ier;
            case IIR_FCR -> {
                int id = interruptId();
                if (id == IIR_THRE) {
                    threPending = false;
                }
                yield id | (fifosEnabled ? IIR_FIFOS : 0);
            }
            case LCR -> lcr;
            case MCR -> mcr;
            case LSR -> {
                int status = (receiver.isEmpty() ? 0 : LSR_DR)
                        | (overrun ? LSR_OE : 0)
                        | (transmitting ? 0 : LSR_THRE | LSR_TEMT);
                overrun = false;
                yield status;
            }
            case MSR -> {
                int status = modemLines() | modemDeltas;
                modemDeltas = 0;
                yield status;
            }
            case SCR -> scr;
            default -> 0xFF;
        };
    }

    private void writeRegister(int offset, int value) {
        switch (offset) {
            case RBR_THR_DLL -> {
                if (dlab()) {
                    divisor = (divisor & 0xFF00) | value;
                } else {
                    transmit(value);
                }
            }
            case IER_DLM -> {
                if (dlab()) {
                    divisor = (value << Byte.SIZE) | (divisor & 0xFF);
                } else {
                    writeIer(value);
                }
            }
            case IIR_FCR -> writeFcr(value);
            case LCR -> lcr = value;
            case MCR -> writeMcr(value);
            case SCR -> scr = value;
            default -> {
                // LSR and MSR are read-only.
            }
        }
    }

    private void transmit(int value) {
        threPending = false;
        if (loopback()) {
            arriveFromLoop(value);
            threPending = true;
        } else if (transmitter.size() < (fifosEnabled ? ByteFifo.CAPACITY : 1)) {
            transmitter.add(value);
        }
        // Otherwise THRE was clear and the guest wrote all the same: the byte is lost, as it is on the chip.
    }

    private void arriveFromLoop(int value) {
        if (receiver.size() < receiverCapacity()) {
            receiver.add(value);
            return;
        }
        overrun = true;
        if (!fifosEnabled) {
            // Without FIFOs the new byte replaces the old one; with them the new one is lost.
            receiver.clear();
            receiver.add(value);
        }
    }

    private void writeIer(int value) {
        boolean enabled = (ier & IER_ETBEI) != 0;
        ier = value & IER_MASK;
        boolean enable = (ier & IER_ETBEI) != 0;
        if (enable != enabled) {
            // Enabling the interrupt of a transmitter that is empty raises it; Linux starts its output that way.
            threPending = enable && !transmitting;
        }
    }

    private void writeFcr(int value) {
        boolean enable = (value & FCR_ENABLE) != 0;
        boolean changed = enable != fifosEnabled;
        fifosEnabled = enable;
        if (changed || (value & FCR_RESET_RCVR) != 0) {
            receiver.clear();
        }
        if (changed || (value & FCR_RESET_XMIT) != 0) {
            transmitter.clear();
        }
        if (enable) {
            trigger = TRIGGER_LEVELS[value >> FCR_TRIGGER_SHIFT];
        }
    }

    private void writeMcr(int value) {
        int before = modemLines();
        mcr = value & MCR_MASK;
        int after = modemLines();
        int changed = (before ^ after) & (MSR_CTS | MSR_DSR | MSR_DCD);
        // The ring indicator has a flag for its trailing edge only (TERI).
        changed |= before & ~after & MSR_RI;
        modemDeltas |= changed >> MSR_DELTA_SHIFT;
    }

    private int modemLines() {
        if (!loopback()) {
            return MSR_DCD | MSR_DSR | MSR_CTS;
        }
        return ((mcr & MCR_RTS) != 0 ? MSR_CTS : 0)
                | ((mcr & MCR_DTR) != 0 ? MSR_DSR : 0)
                | ((mcr & MCR_OUT1) != 0 ? MSR_RI : 0)
                | ((mcr & MCR_OUT2) != 0 ? MSR_DCD : 0);
    }

    /** The pending interrupt of the highest priority (PC16550D table IV). */
    private int interruptId() {
        if ((ier & IER_ELSI) != 0 && overrun) {
            return IIR_LINE_STATUS;
        }
        if ((ier & IER_ERBFI) != 0 && !receiver.isEmpty()) {
            return !fifosEnabled || receiver.size() >= trigger ? IIR_DATA : IIR_TIMEOUT;
        }
        if ((ier & IER_ETBEI) != 0 && threPending) {
            return IIR_THRE;
        }
        if ((ier & IER_EDSSI) != 0 && modemDeltas != 0) {
            return IIR_MODEM_STATUS;
        }
        return IIR_NONE;
    }

    private void updateLine() {
        boolean level = interruptId() != IIR_NONE;
        if (level != asserted) {
            asserted = level;
            line.set(level);
        }
    }

    private void feedSink() {
        boolean empty = false;
        try {
            int count = takeOutgoing();
            while (count > 0) {
                sink.write(outgoing, count);
                count = takeOutgoing();
            }
            empty = true;
        } finally {
            if (!empty) {
                synchronized (lock) {
                    transmitter.clear();
                }
                takeOutgoing();
            }
        }
    }

    /** Moves what is to be sent to {@link #outgoing}; when there is nothing left the transmitter becomes idle. */
    private int takeOutgoing() {
        synchronized (lock) {
            int count = transmitter.drainTo(outgoing);
            if (count == 0) {
                transmitting = false;
                threPending = true;
                updateLine();
            }
            return count;
        }
    }

    /** True if those who wait for room are to be told: once the receiver is empty, so that they refill all of it. */
    private boolean takeRoom() {
        boolean room = starved && receiver.isEmpty() && !loopback();
        if (room) {
            starved = false;
            lock.notifyAll();
        }
        return room;
    }

    private void tellRoom(boolean room) {
        if (room) {
            roomListener.run();
        }
    }

    private int receiverCapacity() {
        return fifosEnabled ? ByteFifo.CAPACITY : 1;
    }

    private boolean dlab() {
        return (lcr & LCR_DLAB) != 0;
    }

    private boolean loopback() {
        return (mcr & MCR_LOOP) != 0;
    }
}
