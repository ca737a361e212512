package vmm.block;

import vmm.block.nbd.NbdDisk;
import vmm.block.qcow2.Qcow2Disk;
import vmm.block.raw.RawDisk;
import vmm.linux.HostException;

/** Opens disks by what the user wrote. */
public final class BlockDevices {
    private static final String NULL = "null:";
    private static final String MEMORY = "mem:";

    private BlockDevices() {}

    /** Opens a disk that is raw by its looks, with what suits it best. See {@link #open(BlockOptions)}. */
    public static BlockDevice open(String source, boolean readOnly) {
        return open(BlockOptions.of(source, readOnly));
    }

    /**
     * Opens a disk. Write {@code ./null:x} for a file with such a name.
     *
     * @throws vmm.linux.HostException if that is not possible, with a sentence that names the disk and the remedy
     */
    public static BlockDevice open(BlockOptions options) {
        String source = options.source();
        boolean readOnly = options.readOnly();
        if (source.startsWith(NULL)) {
            return new NullDisk(source, size(source, NULL), readOnly);
        }
        if (source.startsWith(MEMORY)) {
            return new MemoryDisk(source, size(source, MEMORY), readOnly, options.unmap());
        }
        if (NbdDisk.isMeantBy(source)) {
            return NbdDisk.open(options);
        }
        return switch (options.format()) {
            case RAW -> RawDisk.open(options);
            case UNSPECIFIED -> guarded(RawDisk.open(options));
            case QCOW2 -> Qcow2Disk.open(options);
        };
    }

    /** Only once it is open, since looking into a pipe would wait for its other end. */
    private static RawDisk guarded(RawDisk disk) {
        try {
            ForeignFormat.refuse(disk.name());
            return disk;
        } catch (HostException e) {
            disk.close();
            throw e;
        }
    }

    private static long size(String source, String prefix) {
        long size;
        try {
            size = ByteSize.parse(source.substring(prefix.length()));
        } catch (IllegalArgumentException e) {
            throw new HostException("Disk " + source + ": " + e.getMessage(), e);
        }
        DiskSize.checkSource(source, prefix, size);
        return size;
    }
}
