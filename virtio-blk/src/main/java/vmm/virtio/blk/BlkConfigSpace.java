package vmm.virtio.blk;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * The device configuration layout (virtio 1.3 5.2.4), as far as features are offered that give its fields a meaning.
 */
final class BlkConfigSpace {
    /** {@code struct virtio_blk_config} up to and with num_queues. */
    static final int SIZE = 36;

    /** The unit of capacity and of all requests, in bytes, whatever the logical block is. */
    static final int SECTOR = 512;

    private static final int CAPACITY = 0;
    private static final int SEG_MAX = 12;
    private static final int BLK_SIZE = 20;
    private static final int PHYSICAL_BLOCK_EXP = 24;
    private static final int MIN_IO_SIZE = 26;
    private static final int NUM_QUEUES = 34;

    private static final VarHandle SHORT = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private final byte[] bytes = new byte[SIZE];

    BlkConfigSpace(BlkConfig config, long sectors) {
        int blocksPerPhysical = config.physicalBlock() / config.logicalBlock();
        LONG.set(bytes, CAPACITY, sectors);
        INT.set(bytes, SEG_MAX, segMax(config));
        INT.set(bytes, BLK_SIZE, config.logicalBlock());
        bytes[PHYSICAL_BLOCK_EXP] = (byte) Integer.numberOfTrailingZeros(blocksPerPhysical);
        SHORT.set(bytes, MIN_IO_SIZE, (short) blocksPerPhysical);
        SHORT.set(bytes, NUM_QUEUES, (short) config.queues());
    }

    /** As many data buffers as fit into a queue beside the header and the status. */
    static int segMax(BlkConfig config) {
        return config.queueSize() - 2;
    }

    long read(int offset, int size) {
        long value = 0;
        for (int i = 0; i < size; i++) {
            value |= (bytes[offset + i] & 0xffL) << (i * Byte.SIZE);
        }
        return value;
    }
}
