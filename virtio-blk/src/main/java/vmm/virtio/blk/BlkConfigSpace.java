package vmm.virtio.blk;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import vmm.block.BlockDevice;

/**
 * The device configuration layout (virtio 1.3 5.2.4). All fields are there, whichever features give them a meaning. Any
 * thread may call.
 */
final class BlkConfigSpace {
    /** {@code struct virtio_blk_config} up to and with secure_erase_sector_alignment. */
    static final int SIZE = 72;

    /** The unit of capacity and of all requests, in bytes, whatever the logical block is. */
    static final int SECTOR = 512;

    /** The most bytes of one buffer: Linux moves no more with one system call. */
    private static final int LARGEST_BUFFER = 0x7fff_f000;

    private static final int CAPACITY = 0;
    private static final int SIZE_MAX = 8;
    private static final int SEG_MAX = 12;
    private static final int CYLINDERS = 16;
    private static final int HEADS = 18;
    private static final int SECTORS = 19;
    private static final int BLK_SIZE = 20;
    private static final int PHYSICAL_BLOCK_EXP = 24;
    private static final int MIN_IO_SIZE = 26;
    private static final int OPT_IO_SIZE = 28;
    private static final int WRITEBACK = 32;
    private static final int NUM_QUEUES = 34;
    private static final int MAX_DISCARD_SECTORS = 36;
    private static final int MAX_DISCARD_SEG = 40;
    private static final int DISCARD_SECTOR_ALIGNMENT = 44;
    private static final int MAX_WRITE_ZEROES_SECTORS = 48;
    private static final int MAX_WRITE_ZEROES_SEG = 52;
    private static final int WRITE_ZEROES_MAY_UNMAP = 56;
    private static final int MAX_SECURE_ERASE_SECTORS = 60;
    private static final int MAX_SECURE_ERASE_SEG = 64;
    private static final int SECURE_ERASE_SECTOR_ALIGNMENT = 68;

    private static final VarHandle SHORT = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private final BlkLayout layout;

    /** Guarded by this. */
    private final byte[] bytes = new byte[SIZE];

    /** As in {@link #bytes}. */
    private volatile long capacity;

    /** As in {@link #bytes}. */
    private volatile boolean writeback;

    BlkConfigSpace(BlkConfig config, BlockDevice disk) {
        layout = config.layout();
        setCapacity(disk.size());
        INT.set(bytes, SIZE_MAX, LARGEST_BUFFER);
        INT.set(bytes, SEG_MAX, segMax(config));
        INT.set(bytes, BLK_SIZE, layout.logicalBlock());
        int blocksPerPhysical = layout.physicalBlock() / layout.logicalBlock();
        bytes[PHYSICAL_BLOCK_EXP] = (byte) Integer.numberOfTrailingZeros(blocksPerPhysical);
        SHORT.set(bytes, MIN_IO_SIZE, (short) blocksPerPhysical);
        INT.set(bytes, OPT_IO_SIZE, layout.optimalIo() / layout.logicalBlock());
        setWriteback(config.writeCache());
        SHORT.set(bytes, NUM_QUEUES, (short) config.queues());
        setRanges(disk.discardGranularity());
    }

    /** As many data buffers as fit into a queue beside the header and the status. */
    private static int segMax(BlkConfig config) {
        return config.queueSize() - 2;
    }

    private void setRanges(int discardGranularity) {
        INT.set(bytes, MAX_DISCARD_SECTORS, RangeRequest.MAX_SECTORS);
        INT.set(bytes, MAX_DISCARD_SEG, RangeRequest.MAX_SEGMENTS);
        INT.set(bytes, DISCARD_SECTOR_ALIGNMENT, Math.max(discardGranularity, layout.logicalBlock()) / SECTOR);
        INT.set(bytes, MAX_WRITE_ZEROES_SECTORS, RangeRequest.MAX_SECTORS);
        INT.set(bytes, MAX_WRITE_ZEROES_SEG, RangeRequest.MAX_SEGMENTS);
        bytes[WRITE_ZEROES_MAY_UNMAP] = (byte) (discardGranularity > 0 ? 1 : 0);
        INT.set(bytes, MAX_SECURE_ERASE_SECTORS, RangeRequest.MAX_SECTORS);
        INT.set(bytes, MAX_SECURE_ERASE_SEG, RangeRequest.MAX_SEGMENTS);
        INT.set(bytes, SECURE_ERASE_SECTOR_ALIGNMENT, layout.logicalBlock() / SECTOR);
    }

    /**
     * Sets the capacity.
     *
     * @param size the disk's, in bytes; what follows its last whole logical block cannot be reached
     */
    final synchronized void setCapacity(long size) {
        long sectors = size / layout.logicalBlock() * (layout.logicalBlock() / SECTOR);
        ChsGeometry geometry = layout.geometry().orElseGet(() -> ChsGeometry.of(sectors, layout.logicalBlock()));
        LONG.set(bytes, CAPACITY, sectors);
        SHORT.set(bytes, CYLINDERS, (short) geometry.cylinders());
        bytes[HEADS] = (byte) geometry.heads();
        bytes[SECTORS] = (byte) geometry.sectors();
        capacity = sectors;
    }

    /** The capacity in sectors of {@value #SECTOR} bytes. */
    long capacity() {
        return capacity;
    }

    /** Sets the mode of the cache. */
    final synchronized void setWriteback(boolean on) {
        bytes[WRITEBACK] = (byte) (on ? 1 : 0);
        writeback = on;
    }

    /** True if writes may stay in a volatile cache when they are answered. */
    boolean writeback() {
        return writeback;
    }

    synchronized long read(int offset, int size) {
        long value = 0;
        for (int i = 0; i < size; i++) {
            value |= (bytes[offset + i] & 0xffL) << (i * Byte.SIZE);
        }
        return value;
    }

    /** Writes {@code writeback} if it is among the bytes written; nothing else can be written. */
    void write(int offset, int size, long value) {
        if (offset <= WRITEBACK && WRITEBACK < offset + size) {
            setWriteback((value >>> ((WRITEBACK - offset) * Byte.SIZE) & 0xff) != 0);
        }
    }
}
