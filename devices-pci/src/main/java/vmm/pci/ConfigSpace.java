package vmm.pci;

import java.util.Arrays;

/**
 * The 256 bytes of configuration space of one function, little-endian, with the rules of who may change which bit.
 *
 * <p>Every bit is read-only to the guest unless it was defined otherwise. Not thread-safe: the bus calls under its
 * lock.
 */
public final class ConfigSpace {
    /** The size in bytes of a function's configuration space. */
    public static final int SIZE = 256;

    /** Vendor ID, 16 bits (PCI 3.0 6.1 for this and the registers below). */
    public static final int VENDOR_ID = 0x00;

    /** Device ID, 16 bits. */
    public static final int DEVICE_ID = 0x02;

    /** Command, 16 bits. */
    public static final int COMMAND = 0x04;

    /** Status, 16 bits. */
    public static final int STATUS = 0x06;

    /** Revision ID, 8 bits; the class code is in the 24 bits that follow. */
    public static final int REVISION_ID = 0x08;

    /** Cache Line Size, 8 bits. */
    public static final int CACHE_LINE_SIZE = 0x0c;

    /** Latency Timer, 8 bits. */
    public static final int LATENCY_TIMER = 0x0d;

    /** Header Type, 8 bits. */
    public static final int HEADER_TYPE = 0x0e;

    /** The first of six base address registers of 32 bits. */
    public static final int BASE_ADDRESS = 0x10;

    /** Subsystem Vendor ID, 16 bits. */
    public static final int SUBSYSTEM_VENDOR_ID = 0x2c;

    /** Subsystem ID, 16 bits. */
    public static final int SUBSYSTEM_ID = 0x2e;

    /** Capabilities Pointer, 8 bits. */
    public static final int CAPABILITIES_POINTER = 0x34;

    /** Interrupt Line, 8 bits. */
    public static final int INTERRUPT_LINE = 0x3c;

    /** Interrupt Pin, 8 bits: 0 for none, 1 for INTA#. */
    public static final int INTERRUPT_PIN = 0x3d;

    /** Command: answer I/O accesses. */
    public static final int COMMAND_IO = 1;

    /** Command: answer memory accesses. */
    public static final int COMMAND_MEMORY = 1 << 1;

    /** Command: act as a bus master. */
    public static final int COMMAND_MASTER = 1 << 2;

    /** Command: keep INTx# deasserted. */
    public static final int COMMAND_INTERRUPT_DISABLE = 1 << 10;

    /** Status: an interrupt is pending inside the function, whatever Interrupt Disable says. */
    public static final int STATUS_INTERRUPT = 1 << 3;

    /** Status: the function has a capability list. */
    public static final int STATUS_CAPABILITIES = 1 << 4;

    private final byte[] bytes = new byte[SIZE];
    private final byte[] resetValues = new byte[SIZE];
    private final byte[] writable = new byte[SIZE];
    private final byte[] clearable = new byte[SIZE];

    /** A configuration space of zeros that the guest cannot write. */
    public ConfigSpace() {}

    /**
     * Defines a register: what it holds after a reset, and what the guest may do to it.
     *
     * @param offset of the register
     * @param size of the register: 1, 2 or 4
     * @param value after a reset
     * @param writableBits that take what the guest writes
     */
    public void define(int offset, int size, int value, int writableBits) {
        put(resetValues, offset, size, value);
        put(bytes, offset, size, value);
        put(writable, offset, size, writableBits);
    }

    /** Lets the guest clear bits of a register by writing ones to them. See {@link #define}. */
    public void defineWriteOneToClear(int offset, int size, int bits) {
        put(clearable, offset, size, bits);
    }

    /** Reads {@code size} bytes, zero-extended. The range must be inside the space. */
    public int read(int offset, int size) {
        int value = 0;
        for (int i = 0; i < size; i++) {
            value |= (bytes[offset + i] & 0xff) << (i * Byte.SIZE);
        }
        return value;
    }

    /** A write by the guest, which changes what it may change. The range must be inside the space. */
    public void write(int offset, int size, int value) {
        for (int i = 0; i < size; i++) {
            int at = offset + i;
            int written = (value >>> (i * Byte.SIZE)) & 0xff;
            int kept = bytes[at] & ~writable[at] & ~(written & clearable[at]);
            bytes[at] = (byte) (kept | (written & writable[at]));
        }
    }

    /** A change by the device itself, which no mask holds back. The range must be inside the space. */
    public void set(int offset, int size, int value) {
        put(bytes, offset, size, value);
    }

    /** Every register as it is after a reset. */
    public void reset() {
        restore(resetValues);
    }

    /** A copy of all bytes, from which {@link #restore} rebuilds this state. */
    public byte[] snapshot() {
        return bytes.clone();
    }

    /** Takes over the bytes of a {@link #snapshot}. */
    public void restore(byte[] snapshot) {
        if (snapshot.length != SIZE) {
            throw new IllegalArgumentException("A configuration space has " + SIZE + " bytes, not " + snapshot.length);
        }
        System.arraycopy(snapshot, 0, bytes, 0, SIZE);
    }

    private static void put(byte[] target, int offset, int size, int value) {
        for (int i = 0; i < size; i++) {
            target[offset + i] = (byte) (value >>> (i * Byte.SIZE));
        }
    }

    @Override
    public String toString() {
        return "ConfigSpace" + Arrays.toString(bytes);
    }
}
