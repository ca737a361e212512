package vmm.virtio.scsi;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import vmm.scsi.LunAddress;
import vmm.scsi.ScsiBus;

/**
 * The device configuration layout (virtio 1.3 5.6.4). Of its fields the driver may write two; what it writes there
 * counts if the write is of four bytes, as virtio 1.3 4.1.3.1 wants it, and the value is one that can be served.
 */
final class HbaConfigSpace {
    /** {@code sizeof(struct virtio_scsi_config)}. */
    static final int SIZE = 36;

    /** The largest {@code sense_size} and {@code cdb_size} that are served, far beyond what SCSI can fill. */
    static final int LARGEST = 4096;

    /** {@code sizeof(struct virtio_scsi_event)} (virtio 1.3 5.6.6.3). */
    private static final int EVENT_SIZE = 16;

    private static final int SENSE_SIZE = 20;
    private static final int CDB_SIZE = 24;
    private static final int DEFAULT_SENSE_SIZE = 96;
    private static final int DEFAULT_CDB_SIZE = 32;

    /** A hint only, in sectors of 512 bytes; no request is too large for us. */
    private static final int MAX_SECTORS = 0xffff;

    private final HbaConfig config;
    private volatile int senseSize = DEFAULT_SENSE_SIZE;
    private volatile int cdbSize = DEFAULT_CDB_SIZE;

    HbaConfigSpace(HbaConfig config) {
        this.config = config;
    }

    /** How long the sense field of a response is, in bytes. */
    int senseSize() {
        return senseSize;
    }

    /** How long the CDB field of a request is, in bytes. */
    int cdbSize() {
        return cdbSize;
    }

    void reset() {
        senseSize = DEFAULT_SENSE_SIZE;
        cdbSize = DEFAULT_CDB_SIZE;
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
        layout.putInt(MAX_SECTORS); // max_sectors
        layout.putInt(config.queueSize()); // cmd_per_lun
        layout.putInt(EVENT_SIZE); // event_info_size
        layout.putInt(senseSize);
        layout.putInt(cdbSize);
        layout.putShort((short) 0); // max_channel
        layout.putShort((short) ScsiBus.MAX_TARGET); // max_target
        layout.putInt(LunAddress.MAX_LUN); // max_lun
        return layout.array();
    }

    void write(int offset, int size, long value) {
        boolean servable = size == Integer.BYTES && value > 0 && value <= LARGEST;
        if (servable && offset == SENSE_SIZE) {
            senseSize = (int) value;
        } else if (servable && offset == CDB_SIZE) {
            cdbSize = (int) value;
        }
    }
}
