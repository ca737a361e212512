package vmm.block.nbd;

import vmm.linux.Errno;

/** The numbers of the NBD protocol (proto.md), with its own names. All of them travel in network byte order. */
final class Nbd {
    static final long NBDMAGIC = 0x4e42444d41474943L;
    static final long IHAVEOPT = 0x49484156454F5054L;
    static final long CLISERV_MAGIC = 0x00420281861253L;
    static final long OPTION_REPLY_MAGIC = 0x3e889045565a9L;

    static final int NBD_REQUEST_MAGIC = 0x25609513;
    static final int NBD_SIMPLE_REPLY_MAGIC = 0x67446698;
    static final int NBD_STRUCTURED_REPLY_MAGIC = 0x668e33ef;

    static final int NBD_FLAG_FIXED_NEWSTYLE = 1;
    static final int NBD_FLAG_NO_ZEROES = 1 << 1;

    static final int NBD_OPT_EXPORT_NAME = 1;
    static final int NBD_OPT_ABORT = 2;
    static final int NBD_OPT_LIST = 3;
    static final int NBD_OPT_GO = 7;
    static final int NBD_OPT_STRUCTURED_REPLY = 8;

    static final int NBD_REP_ACK = 1;
    static final int NBD_REP_SERVER = 2;
    static final int NBD_REP_INFO = 3;
    static final int NBD_REP_ERR = 1 << 31;
    static final int NBD_REP_ERR_UNSUP = NBD_REP_ERR | 1;
    static final int NBD_REP_ERR_POLICY = NBD_REP_ERR | 2;
    static final int NBD_REP_ERR_TLS_REQD = NBD_REP_ERR | 5;
    static final int NBD_REP_ERR_UNKNOWN = NBD_REP_ERR | 6;
    static final int NBD_REP_ERR_SHUTDOWN = NBD_REP_ERR | 7;

    static final int NBD_INFO_EXPORT = 0;
    static final int NBD_INFO_BLOCK_SIZE = 3;

    static final int NBD_FLAG_READ_ONLY = 1 << 1;
    static final int NBD_FLAG_SEND_FLUSH = 1 << 2;
    static final int NBD_FLAG_SEND_FUA = 1 << 3;
    static final int NBD_FLAG_SEND_TRIM = 1 << 5;
    static final int NBD_FLAG_SEND_WRITE_ZEROES = 1 << 6;
    static final int NBD_FLAG_CAN_MULTI_CONN = 1 << 8;

    static final int NBD_CMD_READ = 0;
    static final int NBD_CMD_WRITE = 1;
    static final int NBD_CMD_DISC = 2;
    static final int NBD_CMD_FLUSH = 3;
    static final int NBD_CMD_TRIM = 4;
    static final int NBD_CMD_WRITE_ZEROES = 6;

    static final int NBD_CMD_FLAG_FUA = 1;
    static final int NBD_CMD_FLAG_NO_HOLE = 1 << 1;

    static final int NBD_REPLY_FLAG_DONE = 1;

    static final int NBD_REPLY_TYPE_NONE = 0;
    static final int NBD_REPLY_TYPE_OFFSET_DATA = 1;
    static final int NBD_REPLY_TYPE_OFFSET_HOLE = 2;
    /** Set in the types of all chunks that report an error. */
    static final int NBD_REPLY_TYPE_IS_ERROR = 1 << 15;

    static final int NBD_REPLY_TYPE_ERROR = NBD_REPLY_TYPE_IS_ERROR | 1;
    static final int NBD_REPLY_TYPE_ERROR_OFFSET = NBD_REPLY_TYPE_IS_ERROR | 2;

    static final int REQUEST_SIZE = 28;
    static final int SIMPLE_REPLY_SIZE = 16;
    static final int CHUNK_HEADER_SIZE = 20;

    /** The longest string, as an export's name, in bytes of UTF-8. */
    static final int MAX_STRING = 4096;

    private Nbd() {}

    /**
     * The error number of Linux for one of the protocol's, which has a few of them. What it does not define is an
     * input/output error here: a server's number must not be taken for one that means something to the VMM.
     */
    static int errno(int error) {
        return switch (error) {
            case Errno.EPERM,
                    Errno.EIO,
                    Errno.ENOMEM,
                    Errno.EINVAL,
                    Errno.ENOSPC,
                    Errno.EOVERFLOW,
                    Errno.EOPNOTSUPP,
                    Errno.ESHUTDOWN -> error;
            default -> Errno.EIO;
        };
    }
}
