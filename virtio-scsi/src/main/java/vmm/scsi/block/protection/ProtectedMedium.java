package vmm.scsi.block.protection;

import java.util.Optional;
import vmm.block.BlockDevice;
import vmm.block.BlockQueue;
import vmm.block.StorageSpace;
import vmm.event.EventLoop;

/**
 * A medium that keeps eight bytes of protection information for each block on a second one. Whoever only reads and
 * writes data finds it as any other; its information is made and checked on the way.
 *
 * <p>On the second medium each bit of it is inverted, so that zeros mean that there is none: a new sparse file will do.
 * Overlapping requests must not be under way at once if one of them writes. When the host fails between the two writes
 * that make one, the block cannot be read until it is written again.
 */
public final class ProtectedMedium implements BlockDevice {
    /** A block and its guard are not of one mind. */
    public static final int EILSEQ = 84;

    /** A block and its reference tag are not of one mind. */
    public static final int EBADE = 52;

    private final BlockDevice data;
    private final BlockDevice information;
    private final ProtectionType type;
    private final int block;

    /**
     * A medium out of two, which it owns from now on.
     *
     * @param information has room for eight bytes for each block of {@code data}
     * @param block the length of a block in bytes, a power of two from 512 to 4096
     * @throws IllegalArgumentException if {@code information} is too small
     */
    public ProtectedMedium(BlockDevice data, BlockDevice information, ProtectionType type, int block) {
        if (information.size() < data.size() / block * ProtectionInformation.BYTES) {
            throw new IllegalArgumentException(
                    information.name() + " has no room for the protection information of " + data.name() + ".");
        }
        this.data = data;
        this.information = information;
        this.type = type;
        this.block = block;
    }

    /** Where the blocks are. */
    public BlockDevice data() {
        return data;
    }

    /** Where their protection information is. */
    public BlockDevice information() {
        return information;
    }

    /** What it says. */
    public ProtectionType type() {
        return type;
    }

    int block() {
        return block;
    }

    @Override
    public long size() {
        return data.size();
    }

    @Override
    public boolean readOnly() {
        return data.readOnly();
    }

    @Override
    public String name() {
        return data.name();
    }

    @Override
    public int discardGranularity() {
        return data.discardGranularity();
    }

    @Override
    public Optional<StorageSpace> space() {
        return data.space();
    }

    @Override
    public BlockQueue openQueue(EventLoop loop) {
        return new ProtectedQueue(this, loop);
    }

    @Override
    public void close() {
        try {
            data.close();
        } finally {
            information.close();
        }
    }
}
