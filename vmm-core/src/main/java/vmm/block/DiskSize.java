package vmm.block;

import vmm.linux.HostException;

/** What sizes a disk can have. */
public final class DiskSize {
    /** Every disk ends on a boundary of this many bytes, the smallest logical block there is. */
    public static final int SECTOR = 512;

    private DiskSize() {}

    /**
     * Throws a {@link HostException} with a sentence if no image of a disk has {@code size} bytes.
     *
     * @param readOnly true for an image that somebody else has made, and that was not to be changed
     */
    public static void checkFile(String path, long size, boolean readOnly) {
        if (size == 0) {
            throw new HostException("Disk " + path + " is empty: "
                    + (readOnly
                            ? "name an image with something in it."
                            : "give it a size, as with truncate -s 10G " + path + "."));
        }
        if (size % SECTOR != 0) {
            throw odd(
                    path,
                    size,
                    readOnly
                            ? "it may not have been copied as a whole"
                            : "grow it with truncate -s " + roundUp(size) + " " + path);
        }
    }

    /**
     * Throws a {@link HostException} with a sentence if {@code source}, as in {@code null:4G}, asks for no good size.
     */
    static void checkSource(String source, String prefix, long size) {
        if (size == 0) {
            throw new HostException("Disk " + source + " is empty: give it a size, as in " + prefix + "10G.");
        }
        if (size % SECTOR != 0) {
            throw odd(source, size, "write " + prefix + roundUp(size));
        }
    }

    /**
     * Throws a {@link HostException} with a sentence if a writable image of {@code size} bytes ends within one of the
     * blocks of {@code block} bytes that direct I/O wants to be written as a whole.
     */
    public static void checkDirect(String path, long size, int block) {
        if (size % block != 0) {
            throw new HostException("Disk " + path + " cannot have cache=none: its size is no multiple of " + block
                    + " bytes, which its storage asks for; use cache=writeback, or grow it with truncate -s "
                    + (size / block + 1) * block + " " + path + ".");
        }
    }

    private static HostException odd(String disk, long size, String remedy) {
        return new HostException(
                "Disk " + disk + " has " + size + " bytes, which is no multiple of " + SECTOR + ": " + remedy + ".");
    }

    private static long roundUp(long size) {
        return (size / SECTOR + 1) * SECTOR;
    }
}
