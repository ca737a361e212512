package vmm.block;

import vmm.linux.HostException;

/** What sizes a disk can have. */
final class DiskSize {
    /** Every disk ends on a boundary of this many bytes, the smallest logical block there is. */
    static final int SECTOR = 512;

    private DiskSize() {}

    /** Throws a {@link HostException} with a sentence if a disk cannot have {@code size} bytes. */
    static void check(String disk, long size) {
        if (size == 0) {
            throw new HostException("Disk " + disk + " is empty: give it a size, as with truncate -s 10G.");
        }
        if (size % SECTOR != 0) {
            long rounded = (size / SECTOR + 1) * SECTOR;
            throw new HostException("Disk " + disk + " has " + size + " bytes, which is no multiple of " + SECTOR
                    + ": grow it with truncate -s " + rounded + ".");
        }
    }
}
