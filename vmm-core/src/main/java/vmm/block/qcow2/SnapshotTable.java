package vmm.block.qcow2;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import vmm.linux.HostException;

/** Where the snapshots of an image have their L1 tables (qcow2, Snapshots). Nothing in the table is trusted. */
final class SnapshotTable {
    private static final int FIXED_PART = 40;

    /** One snapshot's L1 table. */
    record L1(long offset, int entries) {}

    /** Reads a part of the file. */
    @FunctionalInterface
    interface Reader {
        byte[] read(long offset, int size);
    }

    private final List<L1> tables = new ArrayList<>();
    private final long length;

    /**
     * Reads the table.
     *
     * @throws HostException if it is damaged
     */
    SnapshotTable(String disk, Header header, long fileSize, Reader reader) {
        long at = header.snapshotsOffset();
        for (int i = 0; i < header.snapshots(); i++) {
            byte[] bytes = reader.read(at, FIXED_PART);
            if (bytes.length < FIXED_PART) {
                throw damaged(disk, i, "where the file has ended");
            }
            ByteBuffer entry = ByteBuffer.wrap(bytes);
            tables.add(l1(disk, header, i, entry, fileSize));
            long size = FIXED_PART
                    + Integer.toUnsignedLong(entry.getInt(36))
                    + Short.toUnsignedInt(entry.getShort(12))
                    + Short.toUnsignedInt(entry.getShort(14));
            at += (size + 7) & -8;
            if (at > fileSize + 7) {
                throw damaged(disk, i, "longer than the file");
            }
        }
        length = at - header.snapshotsOffset();
    }

    private static L1 l1(String disk, Header header, int index, ByteBuffer entry, long fileSize) {
        long offset = entry.getLong(0);
        int entries = entry.getInt(8);
        if (entries < 0 || entries > Header.MAX_L1_BYTES / Long.BYTES) {
            throw damaged(disk, index, "with an impossible l1_size");
        }
        boolean aligned = offset > 0 && offset % (1L << header.clusterBits()) == 0;
        if (entries > 0 && (!aligned || offset > fileSize - (long) entries * Long.BYTES)) {
            throw damaged(disk, index, "with an impossible l1_table_offset");
        }
        return new L1(offset, entries);
    }

    private static HostException damaged(String disk, int index, String why) {
        return new HostException("Disk " + disk + " has a damaged snapshot table: number " + index + " is " + why
                + "; repair it with qemu-img check -r all " + disk + ".");
    }

    List<L1> tables() {
        return tables;
    }

    /** How many bytes the table has. */
    long length() {
        return length;
    }
}
