package vmm.pci;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicIntegerArray;
import vmm.bus.BusDevice;
import vmm.irq.MsiRoute;
import vmm.irq.MsiRouter;

/**
 * The MSI-X table and pending bits of a function, as a range of memory, and the way to send its messages (PCI 3.0
 * 6.8.2).
 *
 * <p>Any thread may {@link #signal}. An unmasked vector costs its route's signal and two additions to a counter that no
 * other vector shares, and no lock; the counter lets whoever masks a vector wait until no message is on its way, so
 * that none arrives after the mask was written.
 */
public final class Msix implements BusDevice, AutoCloseable {
    /** The largest number of vectors of a function. */
    public static final int MAX_VECTORS = 2048;

    private static final int ENTRY_SIZE = 16;
    private static final int PAGE = 4096;
    private static final int ADDRESS_LOW = 0;
    private static final int ADDRESS_HIGH = 1;
    private static final int DATA = 2;
    private static final int CONTROL = 3;
    private static final int CONTROL_MASK = 1;

    /** In {@link #gates}: the vector must not be sent. The other bits count the threads that are sending. */
    private static final int BLOCKED = 1 << 31;

    /** Gates of different vectors are in different cache lines of 64 bytes, as different workers use them. */
    private static final int GATE_STRIDE = 16;

    private final int vectors;
    private final int pendingBitsOffset;
    private final int size;
    private final List<MsiRoute> routes;
    private final AtomicIntegerArray gates;

    private final Object lock = new Object();
    private final int[] table;
    private final boolean[] changed;
    private final boolean[] pending;
    private boolean functionMask;
    private volatile boolean enabled;

    /**
     * A disabled MSI-X with every vector masked.
     *
     * @param vectors 1 to {@link #MAX_VECTORS}
     * @param router where each vector takes its route from
     */
    public Msix(int vectors, MsiRouter router) {
        if (vectors < 1 || vectors > MAX_VECTORS) {
            throw new IllegalArgumentException("MSI-X cannot have " + vectors + " vectors.");
        }
        this.vectors = vectors;
        this.pendingBitsOffset = Math.max(PAGE / 2, (vectors * ENTRY_SIZE + 7) & ~7);
        int end = pendingBitsOffset + (vectors + 63) / 64 * Long.BYTES;
        this.size = Math.max(PAGE, Integer.highestOneBit(end - 1) << 1);
        this.table = new int[vectors * 4];
        this.changed = new boolean[vectors];
        this.pending = new boolean[vectors];
        this.gates = new AtomicIntegerArray(vectors * GATE_STRIDE);
        this.routes = allocate(vectors, router);
        for (int vector = 0; vector < vectors; vector++) {
            gates.set(vector * GATE_STRIDE, BLOCKED);
            table[vector * 4 + CONTROL] = CONTROL_MASK;
        }
    }

    private static List<MsiRoute> allocate(int vectors, MsiRouter router) {
        List<MsiRoute> taken = new ArrayList<>(vectors);
        try {
            for (int vector = 0; vector < vectors; vector++) {
                taken.add(router.allocate());
            }
            return List.copyOf(taken);
        } catch (RuntimeException failure) {
            taken.forEach(MsiRoute::close);
            throw failure;
        }
    }

    /** How many vectors there are. */
    public int vectors() {
        return vectors;
    }

    /** The size of the range in bytes, a power of two. */
    int size() {
        return size;
    }

    int pendingBitsOffset() {
        return pendingBitsOffset;
    }

    /** True if the guest has enabled MSI-X, which takes the interrupt pin out of use. */
    public boolean enabled() {
        return enabled;
    }

    /**
     * Sends a vector's message, or remembers it while the vector is masked.
     *
     * @param vector below {@link #vectors}
     * @return false if MSI-X is not enabled: nothing was sent or remembered
     */
    public boolean signal(int vector) {
        int gate = gates.getAndAdd(vector * GATE_STRIDE, 1);
        try {
            if ((gate & BLOCKED) == 0) {
                routes.get(vector).signal();
                return true;
            }
        } finally {
            gates.getAndAdd(vector * GATE_STRIDE, -1);
        }
        return signalBlocked(vector);
    }

    private boolean signalBlocked(int vector) {
        synchronized (lock) {
            if (!enabled) {
                return false;
            }
            if (masked(vector)) {
                pending[vector] = true;
            } else {
                routes.get(vector).signal();
            }
            return true;
        }
    }

    /** Forgets messages that wait for their vectors to be unmasked, as when the device is reset. */
    public void clearPending() {
        synchronized (lock) {
            Arrays.fill(pending, false);
        }
    }

    /** Follows the message control register. */
    void control(boolean enable, boolean maskAll) {
        synchronized (lock) {
            if (enable == enabled && maskAll == functionMask) {
                return;
            }
            enabled = enable;
            functionMask = maskAll;
            for (int vector = 0; vector < vectors; vector++) {
                follow(vector);
            }
        }
    }

    /** Back to the state before any driver: disabled, every vector masked, nothing pending. */
    void reset() {
        synchronized (lock) {
            enabled = false;
            functionMask = false;
            Arrays.fill(pending, false);
            Arrays.fill(table, 0);
            for (int vector = 0; vector < vectors; vector++) {
                table[vector * 4 + CONTROL] = CONTROL_MASK;
                changed[vector] = true;
                follow(vector);
            }
        }
    }

    private boolean masked(int vector) {
        return functionMask || (table[vector * 4 + CONTROL] & CONTROL_MASK) != 0;
    }

    /** Opens or blocks a vector's gate as its masks say, and delivers what it has kept. */
    private void follow(int vector) {
        boolean block = !enabled || masked(vector);
        int index = vector * GATE_STRIDE;
        boolean blocked = (gates.get(index) & BLOCKED) != 0;
        if (block && !blocked) {
            gates.getAndUpdate(index, gate -> gate | BLOCKED);
            // A sender holds no lock and makes one system call, so this is short.
            while (gates.get(index) != BLOCKED) {
                Thread.onSpinWait();
            }
        } else if (!block) {
            if (changed[vector]) {
                changed[vector] = false;
                int entry = vector * 4;
                long address = (long) table[entry + ADDRESS_HIGH] << 32 | (table[entry + ADDRESS_LOW] & 0xffff_ffffL);
                routes.get(vector).update(address, table[entry + DATA]);
            }
            if (pending[vector]) {
                pending[vector] = false;
                routes.get(vector).signal();
            }
            if (blocked) {
                gates.getAndUpdate(index, gate -> gate & ~BLOCKED);
            }
        }
    }

    @Override
    public long read(long offset, int length) {
        // PCI 3.0 6.8.2: software uses aligned 32-bit and 64-bit accesses only
        if ((length != 4 && length != 8) || offset % length != 0) {
            return 0;
        }
        int word = (int) offset / 4;
        synchronized (lock) {
            long value = word(word) & 0xffff_ffffL;
            return length == 8 ? value | ((long) word(word + 1) << 32) : value;
        }
    }

    private int word(int word) {
        if (word < table.length) {
            return table[word];
        }
        int first = (word * 4 - pendingBitsOffset) * Byte.SIZE;
        int bits = 0;
        for (int bit = 0; bit < Integer.SIZE; bit++) {
            int vector = first + bit;
            if (vector >= 0 && vector < vectors && pending[vector]) {
                bits |= 1 << bit;
            }
        }
        return bits;
    }

    @Override
    public void write(long offset, int length, long value) {
        if ((length != 4 && length != 8) || offset % length != 0) {
            return;
        }
        int word = (int) offset / 4;
        if (word >= table.length) {
            return;
        }
        synchronized (lock) {
            setWord(word, (int) value);
            if (length == 8) {
                setWord(word + 1, (int) (value >>> 32));
            }
            follow(word / 4);
        }
    }

    private void setWord(int word, int value) {
        int kept = switch (word % 4) {
            case ADDRESS_LOW -> value & ~3;
            case CONTROL -> value & CONTROL_MASK;
            default -> value;
        };
        if (table[word] != kept) {
            table[word] = kept;
            changed[word / 4] |= word % 4 != CONTROL;
        }
    }

    /** Gives the routes back; no access changes or uses them any more. After every worker that signals has ended. */
    @Override
    public void close() {
        control(false, false);
        routes.forEach(MsiRoute::close);
    }
}
