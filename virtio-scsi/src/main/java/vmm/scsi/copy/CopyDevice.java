package vmm.scsi.copy;

import vmm.scsi.ItNexus;

/**
 * A copy source or copy destination that has been found.
 *
 * @param nexus the copy manager's way to it
 * @param lun its number there
 * @param blockLength in bytes, a power of two
 * @param blocks how many it has
 */
record CopyDevice(ItNexus nexus, int lun, int blockLength, long blocks) {
    /**
     * The first byte of a block, or -1 if the device does not have {@code length} bytes at {@code offset} from there.
     */
    long locate(long lba, int offset, long length) {
        long size = blocks * blockLength;
        if (lba < 0 || lba >= blocks) {
            return lba == blocks && length == 0 ? size : -1;
        }
        long start = lba * blockLength + offset;
        return length <= size - start ? start : -1;
    }
}
