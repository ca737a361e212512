package vmm.block.qcow2;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * A part of one of the image's tables, in memory: 64-bit words in the order and alignment of the file.
 *
 * <p>Words may be read by any thread; everything else needs the image's lock.
 */
final class Slice {
    private static final VarHandle WORDS = MethodHandles.arrayElementVarHandle(long[].class);
    private static final ValueLayout.OfLong BIG_ENDIAN =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    /** Which table: the index of its entry in the table above. */
    final int table;

    /** Which slice of that table. */
    final int part;

    private final long[] words;

    /** Changed before and after words that belong together change: odd in between. */
    private volatile int version;

    /** Set by whoever uses the slice, cleared by the cache on its round: what stays clear may go. */
    boolean used = true;

    /** Which entries are not what the specification allows; null if all are. Replaced, never changed. */
    volatile @Nullable BitSet invalid;

    /** How many operations rely on the slice's presence. */
    int pins;

    /** True while a copy of the slice is on its way to the file. */
    boolean saving;

    /** The words that the file does not have yet: from this one on, */
    private int dirtyFrom;

    /** up to this one, exclusive. */
    private int dirtyTo;

    Slice(int table, int part, int size) {
        this.table = table;
        this.part = part;
        this.words = new long[size];
    }

    /** A word, and whatever was written before it by the thread that put it there. */
    long word(int index) {
        return (long) WORDS.getAcquire(words, index);
    }

    /** How many words there are. */
    int size() {
        return words.length;
    }

    /** A number that stays the same while words that belong together do; odd while they change. */
    int version() {
        return version;
    }

    /** Changes a word, which the file has to get then. */
    void set(int index, long value) {
        WORDS.setRelease(words, index, value);
        markDirty(index, index + 1);
    }

    /** Changes two words that belong together. */
    @SuppressWarnings("NonAtomicVolatileUpdate") // Only who holds the image's lock changes it.
    void setPair(int index, long first, long second) {
        version++;
        VarHandle.storeStoreFence();
        WORDS.setRelease(words, index, first);
        WORDS.setRelease(words, index + 1, second);
        version++;
        markDirty(index, index + 2);
    }

    void markDirty(int from, int to) {
        dirtyFrom = isDirty() ? Math.min(dirtyFrom, from) : from;
        dirtyTo = Math.max(dirtyTo, to);
    }

    boolean isDirty() {
        return dirtyTo > 0;
    }

    int dirtyFrom() {
        return dirtyFrom;
    }

    int dirtyTo() {
        return dirtyTo;
    }

    void markClean() {
        dirtyFrom = 0;
        dirtyTo = 0;
    }

    /** True if the cache may forget it, since the file has all of it and nobody relies on it. */
    boolean evictable() {
        return pins == 0 && !saving && !isDirty();
    }

    /** Fills the words with bytes of the file; before anybody else sees the slice. */
    void decode(MemorySegment bytes) {
        for (int i = 0; i < words.length; i++) {
            words[i] = bytes.get(BIG_ENDIAN, 8L * i);
        }
    }

    /** Puts words {@code from} to {@code to}, exclusive, into {@code bytes} from {@code offset} on. */
    void encode(int from, int to, MemorySegment bytes, long offset) {
        for (int i = from; i < to; i++) {
            bytes.set(BIG_ENDIAN, offset + 8L * (i - from), words[i]);
        }
    }
}
