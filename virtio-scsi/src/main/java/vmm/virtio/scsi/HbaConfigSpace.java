package vmm.virtio.scsi;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import vmm.scsi.LunAddress;
import vmm.scsi.ScsiBus;

/**
 * The device configuration layout (virtio 1.3 5.6.4). Of its fields the driver may write two; what it writes there
 * counts if it is a value that can be served.
 */
final class HbaConfigSpace {
    /** {@code sizeof(struct virtio_scsi_config)}. */
    static final int SIZE = 36;

    /** The largest {@code sense_size} and {@code cdb_size} that are served, far beyond what SCSI can fill. */
    static final int LARGEST = 4096;

    private static final int SENSE_SIZE = 20;
    private static final int CDB_SIZE = 24;
    private static final int DEFAULT_SENSE_SIZE = 96;
    private static final int DEFAULT_CDB_SIZE = 32;

    private final HbaConfig config;
    private final ScsiBus bus;
    private final SizeField senseSize = new SizeField(SENSE_SIZE, DEFAULT_SENSE_SIZE);
    private final SizeField cdbSize = new SizeField(CDB_SIZE, DEFAULT_CDB_SIZE);

    HbaConfigSpace(HbaConfig config, ScsiBus bus) {
        this.bus = bus;
        this.config = config;
    }

    /** How long the sense field of a response is, in bytes. */
    int senseSize() {
        return senseSize.value;
    }

    /** How long the CDB field of a request is, in bytes. */
    int cdbSize() {
        return cdbSize.value;
    }

    void reset() {
        senseSize.reset();
        cdbSize.reset();
    }

    long read(int offset, int size) {
        byte[] bytes = layout();
        long value = 0;
        for (int i = 0; i < size; i++) {
            value |= (bytes[offset + i] & 0xffL) << (i * Byte.SIZE);
        }
        return value;
    }

    private byte[] layout() {
        ByteBuffer layout = ByteBuffer.allocate(SIZE).order(ByteOrder.LITTLE_ENDIAN);
        layout.putInt(config.queues()); // num_queues
        layout.putInt(config.segMax()); // seg_max
        layout.putInt(maxSectors()); // max_sectors
        layout.putInt(config.cmdPerLun()); // cmd_per_lun
        layout.putInt(EventReporter.EVENT_SIZE); // event_info_size
        layout.putInt(senseSize.value);
        layout.putInt(cdbSize.value);
        layout.putShort((short) 0); // max_channel
        layout.putShort((short) ScsiBus.MAX_TARGET); // max_target
        layout.putInt(LunAddress.MAX_LUN); // max_lun
        return layout.array();
    }

    /** A block is at least a sector, so these are few enough blocks. */
    private int maxSectors() {
        return bus.hasProtection() ? Math.min(config.maxSectors(), Interleaving.MOST_BLOCKS) : config.maxSectors();
    }

    void write(int offset, int size, long value) {
        senseSize.write(offset, size, value);
        cdbSize.write(offset, size, value);
    }

    /**
     * A field that the driver may write. Drivers of the legacy interface do so by accesses of any width, one byte after
     * the other even (virtio 1.3 4.1.4.10), so what has been written so far need not be a value yet.
     */
    private static final class SizeField {
        private final int offset;
        private final int initial;
        private int written;
        private volatile int value;

        SizeField(int offset, int initial) {
            this.offset = offset;
            this.initial = initial;
            reset();
        }

        void reset() {
            written = initial;
            value = initial;
        }

        void write(int at, int size, long bytes) {
            for (int i = 0; i < size; i++) {
                int position = at + i - offset;
                if (position >= 0 && position < Integer.BYTES) {
                    int shift = position * Byte.SIZE;
                    written = (written & ~(0xff << shift)) | ((int) (bytes >>> (i * Byte.SIZE)) & 0xff) << shift;
                }
            }
            boolean whole = at <= offset && offset + Integer.BYTES <= at + size;
            if (written > 0 && written <= LARGEST) {
                value = written;
            } else if (whole) {
                written = value;
            }
        }
    }
}
