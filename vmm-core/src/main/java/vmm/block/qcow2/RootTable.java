package vmm.block.qcow2;

import java.util.Arrays;
import java.util.BitSet;

/** The L1 table or the refcount table: all of it in memory. Needs the image's lock. */
final class RootTable {
    /** The file gets changes in units of this many words. */
    static final int CHUNK_WORDS = 512;

    private final BitSet dirtyChunks = new BitSet();
    private long[] words;
    private long offset;
    private boolean moved;

    RootTable(long offset, long[] words) {
        this.offset = offset;
        this.words = words;
    }

    int size() {
        return words.length;
    }

    long get(int index) {
        return words[index];
    }

    /** Changes an entry, which the file has to get then. */
    void set(int index, long value) {
        words[index] = value;
        dirtyChunks.set(index / CHUNK_WORDS);
    }

    /** Where in the file the table is. */
    long offset() {
        return offset;
    }

    /** Gives the table another place, at which the file has nothing of it yet, and perhaps more entries. */
    void move(long offset, int size) {
        this.offset = offset;
        words = Arrays.copyOf(words, size);
        moved = true;
        dirtyChunks.set(0, chunks());
    }

    /** True if the header has to tell where the table is now. */
    boolean moved() {
        return moved;
    }

    int chunks() {
        return (words.length + CHUNK_WORDS - 1) / CHUNK_WORDS;
    }

    /** Which chunks the file does not have yet. */
    BitSet dirtyChunks() {
        return dirtyChunks;
    }

    boolean isClean() {
        return dirtyChunks.isEmpty() && !moved;
    }

    /** Notes that all is on its way to the file. */
    void markClean() {
        dirtyChunks.clear();
        moved = false;
    }

    /** Takes {@link #markClean} back for what did not reach the file. */
    void markDirty(BitSet chunks, boolean moved) {
        dirtyChunks.or(chunks);
        this.moved |= moved;
    }

    /** The words of a chunk, fewer for the last one. */
    long[] chunk(int index) {
        int from = index * CHUNK_WORDS;
        return Arrays.copyOfRange(words, from, Math.min(words.length, from + CHUNK_WORDS));
    }
}
