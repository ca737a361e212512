package vmm.block.qcow2;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;
import vmm.block.BlockDevice;
import vmm.block.BlockOptions;
import vmm.block.qcow2.MetadataClusters.Owner;
import vmm.linux.Errno;
import vmm.linux.HostException;
import vmm.linux.Zstd;

/** Reads what has to be in memory before an image can be used, and checks it. Waits for the file. */
final class ImageOpener {
    /** How much of an image's tables is kept in memory, at most and if the image has so much. */
    record CacheSizes(int mapping, int refcounts) {
        /** L2 tables for 32 GiB of data in clusters of 64 KiB; refcounts for as much as is being written. */
        static final CacheSizes DEFAULT = new CacheSizes(4 << 20, 1 << 20);
    }

    private static final ValueLayout.OfLong BIG_ENDIAN =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private final BlockOptions options;
    private final BlockDevice file;
    private final CacheSizes caches;
    private @Nullable Header header;

    ImageOpener(BlockOptions options, BlockDevice file, CacheSizes caches) {
        this.options = options;
        this.file = file;
        this.caches = caches;
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
        if (read.compression() == Header.Compression.ZSTD && !Zstd.isAvailable()) {
            throw new HostException("Disk " + options.source() + " is compressed by zstd, and this host has no libzstd"
                    + " to unpack it: install libzstd1, or convert the disk with qemu-img convert -O qcow2.");
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
        if (!options.readOnly() && known.autoclear() != 0) {
            clearAutoclear();
        }
        int countEntries = known.refcountTableClusters() << (known.clusterBits() - 3);
        MetadataClusters metadata = claims(known, 8L * countEntries);
        RootTable l1 = new RootTable(known.l1Offset(), words(known.l1Offset(), known.l1Entries()));
        RootTable counts = new RootTable(known.refcountTableOffset(), words(known.refcountTableOffset(), countEntries));
        Refcounts refcounts = new Refcounts(known.geometry(), counts, metadata, file::size, caches.refcounts());
        ClusterMap map = new ClusterMap(known, l1, metadata, file::size, caches.mapping());
        ImageParts parts = new ImageParts(known, ByteBuffer.wrap(read(0, Header.SECTOR)), metadata, map, refcounts);
        return new Image(options.source(), file, parts, backing, options.unmap());
    }

    private MetadataClusters claims(Header known, long countsLength) {
        MetadataClusters metadata = new MetadataClusters(known.clusterBits());
        claim(metadata, "the header", 0, 1, Owner.HEADER, 0);
        claim(metadata, "l1_table_offset", known.l1Offset(), 8L * known.l1Entries(), Owner.L1_TABLE, 0);
        claim(metadata, "refcount_table_offset", known.refcountTableOffset(), countsLength, Owner.REFCOUNT_TABLE, 0);
        SnapshotTable snapshots = new SnapshotTable(options.source(), known, file.size(), this::read);
        claim(metadata, "snapshots_offset", known.snapshotsOffset(), snapshots.length(), Owner.SNAPSHOT_TABLE, 0);
        for (int i = 0; i < snapshots.tables().size(); i++) {
            SnapshotTable.L1 table = snapshots.tables().get(i);
            claim(
                    metadata,
                    "the L1 table of snapshot " + i,
                    table.offset(),
                    8L * table.entries(),
                    Owner.SNAPSHOT_L1_TABLE,
                    i);
        }
        return metadata;
    }

    private void claim(MetadataClusters metadata, String field, long offset, long length, Owner owner, int index) {
        if (!metadata.claim(offset, length, owner, index)) {
            throw Header.damaged(options.source(), field, offset, "where another structure of the image is");
        }
    }

    /**
     * Says that features are not kept up which this VMM does not know, or does not keep up: dirty bitmaps, which are
     * inconsistent as soon as the disk is written (qcow2, autoclear_features).
     */
    private void clearAutoclear() {
        byte[] sector = read(0, Header.SECTOR);
        ByteBuffer.wrap(sector).putLong(Header.AUTOCLEAR, 0);
        write(0, sector);
    }

    private void write(long offset, byte[] bytes) {
        try (Arena arena = Arena.ofConfined();
                WaitingIo io = new WaitingIo(file)) {
            MemorySegment buffer = WaitingIo.buffer(arena, bytes.length);
            buffer.copyFrom(MemorySegment.ofArray(bytes));
            int errno = io.write(offset, buffer);
            if (errno == 0) {
                errno = io.flush();
            }
            if (errno != 0) {
                throw trouble("written", offset, errno);
            }
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
                throw trouble("read", offset, errno);
            }
            return bytes.toArray(ValueLayout.JAVA_BYTE);
        }
    }

    private HostException trouble(String what, long offset, int errno) {
        return new HostException("Disk " + options.source() + " cannot be " + what + " at offset " + offset + ": "
                + Errno.describe(errno) + "; check the storage.");
    }

    /** A table of 64-bit words; those that the file does not have are 0. */
    private long[] words(long offset, int count) {
        MemorySegment bytes = MemorySegment.ofArray(read(offset, 8 * count));
        long[] words = new long[count];
        for (int i = 0; 8L * i + 8 <= bytes.byteSize(); i++) {
            words[i] = bytes.get(BIG_ENDIAN, 8L * i);
        }
        return words;
    }
}
