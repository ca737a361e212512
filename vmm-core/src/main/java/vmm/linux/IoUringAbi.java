package vmm.linux;

/**
 * The numbers of {@code linux/io_uring.h} that the binding uses: calls, flags, and where each member of a struct is.
 */
final class IoUringAbi {
    static final int SYS_IO_URING_SETUP = 425;
    static final int SYS_IO_URING_ENTER = 426;

    static final int IORING_SETUP_CQSIZE = 1 << 3;
    static final int IORING_SETUP_CLAMP = 1 << 4;
    static final int IORING_SETUP_SUBMIT_ALL = 1 << 7;
    static final int IORING_SETUP_COOP_TASKRUN = 1 << 8;
    static final int IORING_SETUP_TASKRUN_FLAG = 1 << 9;
    static final int IORING_SETUP_SINGLE_ISSUER = 1 << 12;
    static final int IORING_SETUP_DEFER_TASKRUN = 1 << 13;

    static final int IORING_FEAT_SINGLE_MMAP = 1;
    static final int IORING_FEAT_NODROP = 1 << 1;
    static final int IORING_FEAT_SUBMIT_STABLE = 1 << 2;
    static final int IORING_FEAT_EXT_ARG = 1 << 8;

    /** Came with Linux 5.13, as multishot polls did, which have no bit of their own. */
    static final int IORING_FEAT_RSRC_TAGS = 1 << 10;

    static final long IORING_OFF_SQ_RING = 0;
    static final long IORING_OFF_SQES = 0x1000_0000L;

    static final int IORING_SQ_CQ_OVERFLOW = 1 << 1;
    static final int IORING_SQ_TASKRUN = 1 << 2;

    static final int IORING_ENTER_GETEVENTS = 1;
    static final int IORING_ENTER_EXT_ARG = 1 << 3;

    static final int IORING_OP_READV = 1;
    static final int IORING_OP_WRITEV = 2;
    static final int IORING_OP_FSYNC = 3;
    static final int IORING_OP_POLL_ADD = 6;
    static final int IORING_OP_ASYNC_CANCEL = 14;
    static final int IORING_OP_FALLOCATE = 17;

    static final int IORING_FSYNC_DATASYNC = 1;
    static final int IORING_POLL_ADD_MULTI = 1;
    static final int IORING_CQE_F_MORE = 1 << 1;
    static final int POLLIN = 1;

    // struct io_uring_params {
    //     __u32 sq_entries, cq_entries, flags, sq_thread_cpu, sq_thread_idle, features, wq_fd, resv[3];
    //     struct io_sqring_offsets sq_off;
    //     struct io_cqring_offsets cq_off;
    // };
    static final int PARAMS_SIZE = 120;
    static final int PARAMS_SQ_ENTRIES = 0;
    static final int PARAMS_CQ_ENTRIES = 4;
    static final int PARAMS_FLAGS = 8;
    static final int PARAMS_FEATURES = 20;
    static final int PARAMS_SQ_OFF = 40;
    static final int PARAMS_CQ_OFF = 80;

    // struct io_sqring_offsets { __u32 head, tail, ring_mask, ring_entries, flags, dropped, array, resv1; __u64 resv2;
    // };
    static final int SQ_OFF_HEAD = 0;
    static final int SQ_OFF_TAIL = 4;
    static final int SQ_OFF_FLAGS = 16;
    static final int SQ_OFF_ARRAY = 24;

    // struct io_cqring_offsets { __u32 head, tail, ring_mask, ring_entries, overflow, cqes, flags, resv1; __u64 resv2;
    // };
    static final int CQ_OFF_HEAD = 0;
    static final int CQ_OFF_TAIL = 4;
    static final int CQ_OFF_CQES = 20;

    // struct io_uring_sqe {
    //     __u8 opcode, flags; __u16 ioprio; __s32 fd; __u64 off; __u64 addr; __u32 len;
    //     __u32 rw_flags;   (a union: fsync_flags, poll32_events, cancel_flags...)
    //     __u64 user_data; ...
    // };
    static final int SQE_SIZE = 64;
    static final int SQE_OPCODE = 0;
    static final int SQE_FD = 4;
    static final int SQE_OFF = 8;
    static final int SQE_ADDR = 16;
    static final int SQE_LEN = 24;
    static final int SQE_OP_FLAGS = 28;
    static final int SQE_USER_DATA = 32;

    // struct io_uring_getevents_arg { __u64 sigmask; __u32 sigmask_sz, min_wait_usec; __u64 ts; };
    static final int GETEVENTS_ARG_SIZE = 24;
    static final int GETEVENTS_ARG_TS = 16;

    // struct __kernel_timespec { __s64 tv_sec; long long tv_nsec; };
    static final int TIMESPEC_SIZE = 16;
    static final int TIMESPEC_SEC = 0;
    static final int TIMESPEC_NSEC = 8;

    // struct io_uring_cqe { __u64 user_data; __s32 res; __u32 flags; };
    static final int CQE_SIZE = 16;
    static final int CQE_USER_DATA = 0;
    static final int CQE_RES = 8;
    static final int CQE_FLAGS = 12;

    private IoUringAbi() {}
}
