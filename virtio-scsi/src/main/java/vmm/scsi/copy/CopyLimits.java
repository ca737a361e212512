package vmm.scsi.copy;

/** What a copy manager takes (SPC-5), as VPD page 8Fh and RECEIVE COPY RESULTS tell it. */
final class CopyLimits {
    /** MAXIMUM CSCD DESCRIPTOR COUNT. */
    static final int CSCD_COUNT = 16;

    /** MAXIMUM SEGMENT DESCRIPTOR COUNT. */
    static final int SEGMENT_COUNT = 64;

    /** MAXIMUM DESCRIPTOR LIST LENGTH: both counts at once, with the longest descriptors. */
    static final int DESCRIPTOR_LIST_LENGTH =
            CSCD_COUNT * CscdDescriptor.LENGTH + SEGMENT_COUNT * SegmentDescriptor.LONGEST;

    /** MAXIMUM SEGMENT LENGTH in bytes. */
    static final long SEGMENT_LENGTH = 64L << 20;

    /** TOTAL CONCURRENT COPIES, of which each has a buffer of its own. */
    static final int CONCURRENT_COPIES = 32;

    /** DATA SEGMENT GRANULARITY: 2^9 bytes, the smallest block. */
    static final int GRANULARITY = 9;

    /** The types of descriptors, in ascending order. */
    static final int[] DESCRIPTOR_TYPES = {
        SegmentDescriptor.BLOCK_TO_BLOCK, SegmentDescriptor.BLOCK_TO_BLOCK_WITH_OFFSET, CscdDescriptor.IDENTIFICATION
    };

    private CopyLimits() {}
}
