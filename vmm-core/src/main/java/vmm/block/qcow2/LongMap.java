package vmm.block.qcow2;

import java.util.Arrays;

/** A map from cluster numbers to longs that makes no objects. One thread at a time. */
final class LongMap {
    /** No cluster has this number, as no file is that large. */
    private static final long NONE = -1;

    private static final int FEWEST = 16;

    private long[] keys = empty(FEWEST);
    private long[] values = new long[FEWEST];
    private int size;

    private static long[] empty(int length) {
        long[] keys = new long[length];
        Arrays.fill(keys, NONE);
        return keys;
    }

    /** The value of {@code key}, or {@code absent} if it has none. */
    long get(long key, long absent) {
        int at = slot(key);
        return keys[at] == NONE ? absent : values[at];
    }

    boolean contains(long key) {
        return keys[slot(key)] != NONE;
    }

    void put(long key, long value) {
        int at = slot(key);
        if (keys[at] == NONE) {
            keys[at] = key;
            size++;
        }
        values[at] = value;
        if (size > keys.length / 2) {
            grow();
        }
    }

    void remove(long key) {
        int hole = slot(key);
        if (keys[hole] == NONE) {
            return;
        }
        size--;
        int mask = keys.length - 1;
        // Those behind that came past the hole on their way move up, so that they are found without it.
        for (int at = (hole + 1) & mask; keys[at] != NONE; at = (at + 1) & mask) {
            int distance = (at - home(keys[at])) & mask;
            if (distance >= ((at - hole) & mask)) {
                keys[hole] = keys[at];
                values[hole] = values[at];
                hole = at;
            }
        }
        keys[hole] = NONE;
    }

    int size() {
        return size;
    }

    private int slot(long key) {
        int mask = keys.length - 1;
        int at = home(key);
        while (keys[at] != NONE && keys[at] != key) {
            at = (at + 1) & mask;
        }
        return at;
    }

    private int home(long key) {
        // Fibonacci hashing: clusters that follow each other spread.
        return (int) ((key * 0x9E3779B97F4A7C15L) >>> 32) & (keys.length - 1);
    }

    private void grow() {
        long[] oldKeys = keys;
        long[] oldValues = values;
        keys = empty(oldKeys.length * 2);
        values = new long[keys.length];
        for (int i = 0; i < oldKeys.length; i++) {
            if (oldKeys[i] != NONE) {
                int at = slot(oldKeys[i]);
                keys[at] = oldKeys[i];
                values[at] = oldValues[i];
            }
        }
    }
}
