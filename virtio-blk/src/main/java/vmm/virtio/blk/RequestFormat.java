package vmm.virtio.blk;

/** What requests look like in guest memory (virtio 1.3 5.2.6). */
final class RequestFormat {
    // struct virtio_blk_req: le32 type, le32 reserved, le64 sector, u8 data[], u8 status
    static final int TYPE = 0;
    static final int SECTOR = 8;
    static final int HEADER_SIZE = 16;

    static final int T_IN = 0;
    static final int T_OUT = 1;
    static final int T_FLUSH = 4;
    static final int T_GET_ID = 8;
    static final int T_GET_LIFETIME = 10;
    static final int T_DISCARD = 11;
    static final int T_WRITE_ZEROES = 13;
    static final int T_SECURE_ERASE = 14;

    static final int S_OK = 0;
    static final int S_IOERR = 1;
    static final int S_UNSUPP = 2;

    // struct virtio_blk_discard_write_zeroes: le64 sector, le32 num_sectors, le32 flags
    static final int SEGMENT_SECTOR = 0;
    static final int SEGMENT_NUM_SECTORS = 8;
    static final int SEGMENT_FLAGS = 12;
    static final int SEGMENT_SIZE = 16;
    static final int SEGMENT_UNMAP = 1;

    // struct virtio_blk_lifetime: le16 pre_eol_info, le16 device_lifetime_est_typ_a, le16 device_lifetime_est_typ_b
    static final int LIFETIME_PRE_EOL = 0;
    static final int LIFETIME_TYPE_A = 2;
    static final int LIFETIME_TYPE_B = 4;
    static final int LIFETIME_SIZE = 6;

    private RequestFormat() {}
}
