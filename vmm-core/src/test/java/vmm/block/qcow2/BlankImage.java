package vmm.block.qcow2;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * Makes empty images without help. The file begins with the header, then come the refcount table, one refcount block
 * and the L1 table, each in clusters of its own.
 */
record BlankImage(int version, int clusterBits, int refcountOrder, boolean extended, long size, String backing) {
    static BlankImage of(int clusterBits, long size) {
        return new BlankImage(3, clusterBits, 4, false, size, "");
    }

    byte[] bytes() {
        int clusterSize = 1 << clusterBits;
        long perTable = (long) clusterSize * (clusterSize / (extended ? 16 : 8));
        int l1Entries = (int) ((size + perTable - 1) / perTable);
        int l1Clusters = (8 * l1Entries + clusterSize - 1) / clusterSize;
        int clusters = 3 + l1Clusters;
        ByteBuffer image = ByteBuffer.allocate(clusters * clusterSize);
        image.putInt(0, 0x514649FB).putInt(4, version).putInt(20, clusterBits).putLong(24, size);
        image.putInt(36, l1Entries).putLong(40, 3L * clusterSize);
        image.putLong(48, clusterSize).putInt(56, 1);
        if (version > 2) {
            image.putLong(72, extended ? 16 : 0).putInt(96, refcountOrder).putInt(100, 104);
        }
        if (!backing.isEmpty()) {
            int at = version > 2 ? 104 : 72;
            image.putInt(at, 0xE2792ACA).putInt(at + 4, 3).put(at + 8, "raw".getBytes(StandardCharsets.UTF_8));
            byte[] name = backing.getBytes(StandardCharsets.UTF_8);
            image.putLong(8, at + 24).putInt(16, name.length).put(at + 24, name);
        }
        image.putLong(clusterSize, 2L * clusterSize);
        for (int i = 0; i < clusters; i++) {
            setRefcount(image, 2 * clusterSize, i);
        }
        return image.array();
    }

    private void setRefcount(ByteBuffer image, int block, int cluster) {
        int bit = cluster << refcountOrder;
        int at = block + bit / 8;
        switch (refcountOrder) {
            case 0, 1, 2 -> image.put(at, (byte) (image.get(at) | (1 << (bit % 8))));
            case 3 -> image.put(at, (byte) 1);
            case 4 -> image.putShort(at, (short) 1);
            case 5 -> image.putInt(at, 1);
            default -> image.putLong(at, 1);
        }
    }
}
