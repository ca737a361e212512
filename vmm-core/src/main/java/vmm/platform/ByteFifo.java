package vmm.platform;

/** The sixteen-byte buffer that a 16550A has once for each direction. Guarded by its owner. */
final class ByteFifo {
    static final int CAPACITY = 16;

    private final byte[] bytes = new byte[CAPACITY];
    private int head;
    private int size;

    int size() {
        return size;
    }

    boolean isEmpty() {
        return size == 0;
    }

    void clear() {
        head = 0;
        size = 0;
    }

    /** Appends a byte; there must be room. */
    void add(int value) {
        if (size == CAPACITY) {
            throw new IllegalStateException("FIFO overrun");
        }
        bytes[(head + size++) % CAPACITY] = (byte) value;
    }

    /** Takes the oldest byte, 0 to 255; there must be one. */
    int remove() {
        if (size == 0) {
            throw new IllegalStateException("FIFO underrun");
        }
        int value = bytes[head] & 0xFF;
        head = (head + 1) % CAPACITY;
        size--;
        return value;
    }

    /** Moves everything to the start of {@code target} and returns how many bytes that were. */
    int drainTo(byte[] target) {
        int count = size;
        for (int i = 0; i < count; i++) {
            target[i] = (byte) remove();
        }
        return count;
    }
}
