package vmm.block.qcow2;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;
import vmm.block.BlockDevice;
import vmm.block.BlockOptions;
import vmm.block.qcow2.MetadataClusters.Owner;
import vmm.linux.Errno;
import vmm.linux.HostException;

/** Reads what has to be in memory before an image can be used, and checks it. Waits for the file. */
final class ImageOpener {
    /** L2 tables for 32 GiB of data in clusters of 64 KiB. */
    private static final int L2_CACHE_BYTES = 4 << 20;

    private static final ValueLayout.OfLong BIG_ENDIAN =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private final BlockOptions options;
    private final BlockDevice file;
    private @Nullable Header header;

    ImageOpener(BlockOptions options, BlockDevice file) {
        this.options = options;
        this.file = file;
    }

    /**
     * Reads the header.
     *
     * @throws HostException if this is no image, a damaged one, or one that needs what this VMM does not have
     */
    Header readHeader() {
        byte[] prefix = read(0, HeaderReader.PREFIX);
        int clusterSize = HeaderReader.clusterSize(options.source(), prefix);
        Header read = new HeaderReader(options.source(), read(0, clusterSize), file.size()).read();
        if (read.has(Header.CORRUPT) && !options.readOnly()) {
            throw new HostException("Disk " + options.source() + " was found damaged and marked so: repair it with"
                    + " qemu-img check -r all " + options.source() + ", or use it readonly.");
        }
        header = read;
        return read;
    }

    /** Reads the tables after the header. */
    Image open(@Nullable BlockDevice backing) {
        Header known = header;
        if (known == null) {
            throw new IllegalStateException("The header comes first.");
        }
        MetadataClusters metadata = new MetadataClusters(known.clusterBits());
        claim(metadata, "the header", 0, 1, Owner.HEADER);
        claim(metadata, "l1_table_offset", known.l1Offset(), 8L * known.l1Entries(), Owner.L1_TABLE);
        claim(
                metadata,
                "refcount_table_offset",
                known.refcountTableOffset(),
                (long) known.refcountTableClusters() << known.clusterBits(),
                Owner.REFCOUNT_TABLE);
        long[] l1 = words(read(known.l1Offset(), 8 * known.l1Entries()));
        ClusterMap map = new ClusterMap(known, l1, metadata, file::size, L2_CACHE_BYTES);
        return new Image(options.source(), file, known, backing, map);
    }

    private void claim(MetadataClusters metadata, String field, long offset, long length, Owner owner) {
        if (!metadata.claim(offset, length, owner, 0)) {
            throw Header.damaged(options.source(), field, offset, "where another structure of the image is");
        }
    }

    /** The bytes from {@code offset} on, fewer if the file ends before. */
    private byte[] read(long offset, int size) {
        int there = Math.clamp(file.size() - offset, 0, size);
        try (Arena arena = Arena.ofConfined();
                WaitingIo io = new WaitingIo(file)) {
            MemorySegment bytes = WaitingIo.buffer(arena, there);
            int errno = io.read(offset, bytes);
            if (errno != 0) {
                throw new HostException("Disk " + options.source() + " cannot be read at offset " + offset + ": "
                        + Errno.describe(errno) + "; check the storage.");
            }
            return bytes.toArray(ValueLayout.JAVA_BYTE);
        }
    }

    private static long[] words(byte[] bytes) {
        MemorySegment segment = MemorySegment.ofArray(bytes);
        long[] words = new long[bytes.length / 8];
        for (int i = 0; i < words.length; i++) {
            words[i] = segment.get(BIG_ENDIAN, 8L * i);
        }
        return words;
    }
}
