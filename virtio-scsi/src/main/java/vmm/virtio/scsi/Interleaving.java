package vmm.virtio.scsi;

import vmm.linux.IoVector;

/**
 * Brings data and protection information, which a request has apart from each other (virtio 1.3 5.6.6.1), into the
 * order of the data buffers of SCSI: eight bytes behind each block (SBC-4 4.21.5). Moves no data.
 */
final class Interleaving {
    /** How many bytes protect a block. */
    private static final int BYTES = 8;

    /** The most blocks of a request: each of them takes room in its slot, for as long as the device lives. */
    static final int MOST_BLOCKS = 2048;

    /** For the parts of a request before they are mixed. */
    private final IoVector data = new IoVector(1);

    private final IoVector protection = new IoVector(1);

    /** True if so much of both fits together. */
    static boolean fits(long protectionBytes, long dataBytes) {
        long blocks = protectionBytes / BYTES;
        return blocks > 0
                && blocks <= MOST_BLOCKS
                && protectionBytes % BYTES == 0
                && dataBytes > 0
                && dataBytes % blocks == 0;
    }

    /**
     * Mixes what {@code buffers} holds.
     *
     * @param buffers first the protection information, then the data; the mixture afterwards
     * @return how many bytes of data each block has
     */
    long mix(IoVector buffers, long protectionBytes) {
        long blocks = protectionBytes / BYTES;
        long block = (buffers.bytes() - protectionBytes) / blocks;
        protection.clear();
        data.clear();
        buffers.moveTo(protection, protectionBytes);
        buffers.moveTo(data, buffers.bytes());
        buffers.clear();
        for (long i = 0; i < blocks; i++) {
            data.moveTo(buffers, block);
            protection.moveTo(buffers, BYTES);
        }
        return block;
    }

    /** How much of a mixture's rest is data. */
    static long dataOf(long rest, long block) {
        return rest / (block + BYTES) * block + Math.max(0, rest % (block + BYTES) - BYTES);
    }
}
