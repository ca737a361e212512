package vmm.block.qcow2;

import java.nio.ByteBuffer;
import java.util.Map;
import vmm.block.qcow2.Header.Backing;
import vmm.block.qcow2.Header.Compression;
import vmm.linux.HostException;

/** Reads and checks the header of one image. Nothing in it is trusted. */
final class HeaderReader {
    /** How much of a file tells how large its first cluster is. */
    static final int PREFIX = 24;

    private static final int V2_LENGTH = 72;
    private static final int V3_LENGTH = 104;
    private static final int COMPRESSION_TYPE = 104;
    private static final int MIN_CLUSTER_BITS = 9;
    private static final int MAX_CLUSTER_BITS = 21;
    private static final int MIN_EXTENDED_CLUSTER_BITS = 14;
    private static final int MAX_REFCOUNT_ORDER = 6;
    private static final int MAX_BACKING_NAME = 1023;
    private static final int MAX_SNAPSHOTS = 65536;
    private static final int SECTOR = 512;
    private static final long KNOWN_INCOMPATIBLE =
            Header.DIRTY | Header.CORRUPT | Header.COMPRESSION | Header.EXTENDED_L2;

    private final String disk;
    private final ByteBuffer bytes;
    private final long fileSize;
    private int clusterBits;
    private int length;

    /**
     * A reader.
     *
     * @param disk what the user calls the image
     * @param firstCluster the file's first cluster, as far as there is one
     * @param fileSize the size of the whole file in bytes
     */
    HeaderReader(String disk, byte[] firstCluster, long fileSize) {
        this.disk = disk;
        this.bytes = ByteBuffer.wrap(firstCluster);
        this.fileSize = fileSize;
    }

    /**
     * The size of a cluster, from the file's first {@link #PREFIX} bytes.
     *
     * @throws HostException if this is no qcow2 image, or a damaged one
     */
    static int clusterSize(String disk, byte[] prefix) {
        ByteBuffer bytes = ByteBuffer.wrap(prefix);
        if (prefix.length < PREFIX || bytes.getInt(0) != Header.MAGIC) {
            throw new HostException("Disk " + disk + " is no qcow2 image: it does not begin like one; use format=raw if"
                    + " it is a raw disk.");
        }
        int version = bytes.getInt(4);
        if (version != 2 && version != 3) {
            throw new HostException("Disk " + disk + " is a qcow2 image of version " + Integer.toUnsignedString(version)
                    + ", and this VMM knows 2 and 3: convert it with qemu-img convert -O qcow2.");
        }
        int bits = bytes.getInt(20);
        if (bits < MIN_CLUSTER_BITS || bits > MAX_CLUSTER_BITS) {
            throw Header.damaged(
                    disk,
                    "cluster_bits",
                    Integer.toUnsignedString(bits),
                    "not " + MIN_CLUSTER_BITS + " to " + MAX_CLUSTER_BITS);
        }
        return 1 << bits;
    }

    /**
     * Reads it all.
     *
     * @throws HostException if the image is damaged, or uses what this VMM does not have
     */
    Header read() {
        clusterBits = bytes.getInt(20);
        int version = bytes.getInt(4);
        length = headerLength(version);
        HeaderExtensions extensions =
                HeaderExtensions.read(disk, bytes.slice(0, extensionsEnd()).position(length));
        long incompatible = version == 2 ? 0 : bytes.getLong(Header.INCOMPATIBLE);
        checkFeatures(incompatible, extensions.features());
        checkEncryption();
        long size = size();
        Geometry geometry = new Geometry(clusterBits, (incompatible & Header.EXTENDED_L2) != 0, refcountOrder(version));
        int l1Entries = l1Entries(geometry, size);
        int snapshots = snapshots();
        return new Header(
                version,
                size,
                clusterBits,
                geometry.refcountOrder,
                l1Entries == 0 ? 0 : table("l1_table_offset", Header.L1_OFFSET, 8L * l1Entries),
                l1Entries,
                table("refcount_table_offset", Header.REFCOUNT_TABLE_OFFSET, 1),
                refcountTableClusters(),
                snapshots == 0 ? 0 : table("snapshots_offset", 64, 1),
                snapshots,
                incompatible,
                version == 2 ? 0 : bytes.getLong(80),
                version == 2 ? 0 : bytes.getLong(Header.AUTOCLEAR),
                compression(incompatible),
                backing(extensions.backingFormat()));
    }

    private int headerLength(int version) {
        if (version == 2) {
            return checkPresent(V2_LENGTH);
        }
        checkPresent(V3_LENGTH);
        int told = bytes.getInt(100);
        if (told < V3_LENGTH || told % 8 != 0 || told > 1 << clusterBits) {
            throw damaged("header_length", told, "not a multiple of 8 from 104 to the cluster's size");
        }
        return checkPresent(told);
    }

    private int checkPresent(int needed) {
        if (bytes.limit() < needed) {
            throw damaged("the file's size", fileSize, "less than the header's " + needed + " bytes");
        }
        return needed;
    }

    private int extensionsEnd() {
        long backingOffset = bytes.getLong(8);
        boolean inside = backingOffset >= length && backingOffset < bytes.limit();
        return inside ? (int) backingOffset : bytes.limit();
    }

    private void checkFeatures(long incompatible, Map<Integer, String> names) {
        if ((incompatible & Header.EXTERNAL_DATA) != 0) {
            throw new HostException("Disk " + disk + " keeps its data in another file (data_file), which this VMM does"
                    + " not do: convert it with qemu-img convert -O qcow2.");
        }
        long unknown = incompatible & ~KNOWN_INCOMPATIBLE;
        if (unknown != 0) {
            int bit = Long.numberOfTrailingZeros(unknown);
            String name = names.getOrDefault(bit, "unnamed");
            throw new HostException("Disk " + disk + " needs a qcow2 feature that this VMM does not have (" + name
                    + ", incompatible_features bit " + bit + "): convert it with qemu-img convert -O qcow2.");
        }
        if ((incompatible & Header.EXTENDED_L2) != 0 && clusterBits < MIN_EXTENDED_CLUSTER_BITS) {
            throw damaged("cluster_bits", clusterBits, "too few for the extended L2 entries that it claims to have");
        }
    }

    private void checkEncryption() {
        int method = bytes.getInt(32);
        switch (method) {
            case 0 -> {}
            case 1, 2 ->
                throw new HostException("Disk " + disk + " is encrypted (" + (method == 1 ? "AES" : "LUKS")
                        + "), which this VMM cannot read: decrypt it with qemu-img convert.");
            default -> throw damaged("crypt_method", Integer.toUnsignedString(method), "not 0, 1 or 2");
        }
    }

    private long size() {
        long size = bytes.getLong(Header.SIZE);
        if (size == 0) {
            throw new HostException(
                    "Disk " + disk + " is empty: give it a size, as with qemu-img resize " + disk + " 10G.");
        }
        if (size < 0 || size % SECTOR != 0) {
            throw damaged("size", Long.toUnsignedString(size), "not a multiple of 512 bytes below 8 EiB");
        }
        return size;
    }

    private int refcountOrder(int version) {
        int order = version == 2 ? 4 : bytes.getInt(96);
        if (order < 0 || order > MAX_REFCOUNT_ORDER) {
            throw damaged("refcount_order", Integer.toUnsignedString(order), "not 0 to " + MAX_REFCOUNT_ORDER);
        }
        return order;
    }

    private int l1Entries(Geometry geometry, long size) {
        int entries = bytes.getInt(Header.L1_SIZE);
        long most = Header.MAX_L1_BYTES / 8;
        if (entries < 0 || entries > most) {
            throw damaged("l1_size", Integer.toUnsignedString(entries), "more than " + most);
        }
        long needed = geometry.l1Entries(size);
        if (entries < needed) {
            throw damaged("l1_size", entries, "less than the " + needed + " entries that the disk's size needs");
        }
        return entries;
    }

    private int refcountTableClusters() {
        int clusters = bytes.getInt(Header.REFCOUNT_TABLE_CLUSTERS);
        int most = Header.MAX_REFCOUNT_TABLE_BYTES >> clusterBits;
        if (clusters < 1 || clusters > most) {
            throw damaged("refcount_table_clusters", Integer.toUnsignedString(clusters), "not 1 to " + most);
        }
        return clusters;
    }

    private int snapshots() {
        int snapshots = bytes.getInt(60);
        if (snapshots < 0 || snapshots > MAX_SNAPSHOTS) {
            throw damaged("nb_snapshots", Integer.toUnsignedString(snapshots), "more than " + MAX_SNAPSHOTS);
        }
        return snapshots;
    }

    /** The offset of a table, of which at least {@code size} bytes are in the file. */
    private long table(String field, int at, long size) {
        long offset = bytes.getLong(at);
        if (offset <= 0 || offset % (1L << clusterBits) != 0) {
            throw damaged(field, Long.toUnsignedString(offset), "not the start of a cluster");
        }
        if (offset > fileSize - size) {
            throw damaged(field, offset, "beyond the end of the file");
        }
        return offset;
    }

    private Compression compression(long incompatible) {
        int type = length > COMPRESSION_TYPE ? bytes.get(COMPRESSION_TYPE) & 0xff : 0;
        boolean flagged = (incompatible & Header.COMPRESSION) != 0;
        if (flagged != (type != 0)) {
            throw damaged("compression_type", type, "which contradicts the incompatible_features");
        }
        return switch (type) {
            case 0 -> Compression.ZLIB;
            case 1 -> Compression.ZSTD;
            default -> throw damaged("compression_type", type, "neither 0 (zlib) nor 1 (zstd)");
        };
    }

    private Backing backing(String format) {
        long offset = bytes.getLong(8);
        if (offset == 0) {
            return Backing.NONE;
        }
        int size = bytes.getInt(16);
        if (size < 1 || size > MAX_BACKING_NAME) {
            throw damaged("backing_file_size", Integer.toUnsignedString(size), "not 1 to " + MAX_BACKING_NAME);
        }
        if (offset < length || offset > bytes.limit() - size) {
            throw damaged("backing_file_offset", Long.toUnsignedString(offset), "outside the first cluster");
        }
        return new Backing(HeaderExtensions.text(bytes.slice((int) offset, size)), format);
    }

    private HostException damaged(String field, Object value, String rule) {
        return Header.damaged(disk, field, value, rule);
    }
}
