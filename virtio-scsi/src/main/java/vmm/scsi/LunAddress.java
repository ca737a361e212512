package vmm.scsi;

/** The eight bytes that address a logical unit (SAM-5, LUN structure), for units of one level. */
public final class LunAddress {
    /** The largest number of a logical unit: 14 bits of the flat space addressing method. */
    public static final int MAX_LUN = 16383;

    /** The number that stands for the REPORT LUNS well known logical unit (SPC-5 8.2), beside those of the others. */
    public static final int REPORT_LUNS = MAX_LUN + 1;

    /** What {@link #decode} gives for an address that can belong to no logical unit of one level. */
    public static final int INVALID = -1;

    private static final int PERIPHERAL_METHOD = 0;
    private static final int FLAT_SPACE_METHOD = 1;

    /** SAM-5, extended logical unit addressing: a well known logical unit, one byte long, number 1. */
    private static final int REPORT_LUNS_LEVEL = 0xc101;

    private LunAddress() {}

    /**
     * The number of the logical unit that an address means.
     *
     * @param address its eight bytes, the first in the most significant place
     * @return 0 to {@link #MAX_LUN}, {@link #REPORT_LUNS} or {@link #INVALID}
     */
    public static int decode(long address) {
        if ((address & 0xffff_ffff_ffffL) != 0) {
            return INVALID;
        }
        int level = (int) (address >>> 48);
        int number = level & 0x3fff;
        return switch (level >>> 14) {
            // SAM-5, peripheral device addressing: the upper six bits name a bus, and there is none but this one
            case PERIPHERAL_METHOD -> number <= 0xff ? number : INVALID;
            case FLAT_SPACE_METHOD -> number;
            default -> level == REPORT_LUNS_LEVEL ? REPORT_LUNS : INVALID;
        };
    }

    /**
     * The address of two levels of a logical unit behind a target of bus 1 (SAM-5, peripheral device addressing).
     *
     * @param target 0 to 255
     * @param lun its address of one level
     */
    public static long behind(int target, long lun) {
        return 1L << 56 | (long) target << 48 | lun >>> 16;
    }

    /**
     * The address of a logical unit, by the simplest method that can express it.
     *
     * @param lun 0 to {@link #REPORT_LUNS}
     * @return eight bytes, the first in the most significant place
     */
    public static long encode(int lun) {
        if (lun == REPORT_LUNS) {
            return (long) REPORT_LUNS_LEVEL << 48;
        }
        int method = lun <= 0xff ? PERIPHERAL_METHOD : FLAT_SPACE_METHOD;
        return (long) (method << 14 | lun) << 48;
    }
}
