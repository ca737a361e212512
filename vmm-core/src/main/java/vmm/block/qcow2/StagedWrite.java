package vmm.block.qcow2;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;
import vmm.block.BlockRequest;
import vmm.linux.IoVector;

/** A copy of a part of the image's tables on its way to the file. Belongs to a {@link MetadataWriter}. */
final class StagedWrite extends BlockRequest {
    private static final ValueLayout.OfLong BIG_ENDIAN =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    /** Slices are written in units of this many words: a sector. */
    private static final int UNIT_WORDS = 64;

    private final MetadataWriter writer;
    private MemorySegment buffer = MemorySegment.NULL;
    private @Nullable Slice slice;
    private @Nullable Tables tables;
    private int from;
    private int to;

    StagedWrite(MetadataWriter writer) {
        super(new IoVector(1));
        this.writer = writer;
    }

    /** Copies what is dirty of a slice, which is clean then. With the image's lock. */
    void stage(Tables tables, Slice slice, long offset) {
        this.tables = tables;
        this.slice = slice;
        from = slice.dirtyFrom() & -UNIT_WORDS;
        to = Math.min(slice.size(), (slice.dirtyTo() + UNIT_WORDS - 1) & -UNIT_WORDS);
        slice.markClean();
        slice.saving = true;
        buffer = writer.queue().grow(buffer, 8L * (to - from));
        slice.encode(from, to, buffer, 0);
        aim(offset + 8L * from, 8L * (to - from));
    }

    /** Copies words that belong at {@code offset}. With the image's lock. */
    void stage(long[] words, long offset) {
        buffer = writer.queue().grow(buffer, 8L * words.length);
        for (int i = 0; i < words.length; i++) {
            buffer.set(BIG_ENDIAN, 8L * i, words[i]);
        }
        aim(offset, 8L * words.length);
    }

    /** Copies bytes that belong at {@code offset}. With the image's lock. */
    void stage(byte[] bytes, long offset) {
        buffer = writer.queue().grow(buffer, bytes.length);
        MemorySegment.copy(MemorySegment.ofArray(bytes), 0, buffer, 0, bytes.length);
        aim(offset, bytes.length);
    }

    private void aim(long offset, long length) {
        data().clear();
        data().add(buffer.address(), length);
        prepare(Operation.WRITE, offset);
    }

    /**
     * Notes how the write went. With the image's lock.
     *
     * @param written false if the file may not have it, so that it has to be written again
     */
    void settle(boolean written) {
        Slice copied = slice;
        if (copied != null && tables != null) {
            copied.saving = false;
            if (!written) {
                tables.cache().changing(copied);
                copied.markDirty(from, to);
            }
        }
        slice = null;
        tables = null;
    }

    @Override
    public void completed(int errno) {
        writer.ended(errno);
    }
}
