package vmm.scsi;

import java.util.Arrays;

/**
 * Sense data (SPC-5 4.4): what went wrong, for the initiator. Owned by a {@link ScsiTask}; writing it allocates
 * nothing. {@link #begin} chooses the format; the rest is put where that format has it.
 */
public final class SenseData {
    /** The most that sense data ever take (SPC-5). */
    public static final int MAX_LENGTH = 252;

    /** For {@link #setFieldPointer}: the field has whole bytes. */
    public static final int WHOLE_BYTE = -1;

    private static final int FIXED_LENGTH = 18;
    private static final int HEADER_LENGTH = 8;
    private static final int FIXED_CURRENT = 0x70;
    private static final int DESCRIPTOR_CURRENT = 0x72;

    /** VALID of the INFORMATION field, in both formats. */
    private static final int VALID = 0x80;

    /** SKSV of the SENSE KEY SPECIFIC field, in both formats. */
    private static final int SKSV = 0x80;

    // Sense data descriptor types (SPC-5 4.4.2)
    private static final int INFORMATION = 0x00;
    private static final int COMMAND_SPECIFIC = 0x01;
    private static final int SENSE_KEY_SPECIFIC = 0x02;

    private final byte[] bytes = new byte[MAX_LENGTH];
    private int length;

    /** No sense data. */
    public SenseData() {}

    /** Where the data are: the first {@link #length} bytes count. */
    public byte[] bytes() {
        return bytes;
    }

    /** How long the data are; 0 if there are none. */
    public int length() {
        return length;
    }

    /** Forgets the data. */
    public void clear() {
        length = 0;
    }

    /** The sense key (SPC-5), 0 if there are no data. */
    public int key() {
        return length == 0 ? 0 : bytes[isDescriptor() ? 1 : 2] & 0xf;
    }

    /** The additional sense code in the upper and its qualifier in the lower eight bits, 0 if there are no data. */
    public int additionalCode() {
        return length == 0 ? 0 : BigEndian.get16(bytes, isDescriptor() ? 2 : 12);
    }

    private boolean isDescriptor() {
        return (bytes[0] & 0x7f) >= DESCRIPTOR_CURRENT;
    }

    /**
     * Begins anew, as current information (SPC-5 4.4).
     *
     * @param descriptor true for descriptor format, false for fixed format
     */
    public void begin(SenseCode code, boolean descriptor) {
        int end = descriptor ? HEADER_LENGTH : FIXED_LENGTH;
        Arrays.fill(bytes, 0, end, (byte) 0);
        length = end;
        if (descriptor) {
            bytes[0] = DESCRIPTOR_CURRENT;
            bytes[1] = (byte) code.key().code();
            bytes[2] = (byte) code.asc();
            bytes[3] = (byte) code.ascq();
        } else {
            bytes[0] = FIXED_CURRENT;
            bytes[2] = (byte) code.key().code();
            bytes[7] = FIXED_LENGTH - HEADER_LENGTH;
            bytes[12] = (byte) code.asc();
            bytes[13] = (byte) code.ascq();
        }
    }

    /** Sets INFORMATION. In fixed format a value of more than 32 bits leaves it invalid. */
    public void setInformation(long value) {
        if (isDescriptor()) {
            int at = describe(INFORMATION, 0x0a);
            bytes[at + 2] = (byte) VALID;
            BigEndian.put64(bytes, at + 4, value);
        } else if (value >>> 32 == 0) {
            bytes[0] |= (byte) VALID;
            BigEndian.put32(bytes, 3, value);
        }
    }

    /** Sets COMMAND-SPECIFIC INFORMATION. In fixed format a value of more than 32 bits is left out. */
    public void setCommandSpecific(long value) {
        if (isDescriptor()) {
            BigEndian.put64(bytes, describe(COMMAND_SPECIFIC, 0x0a) + 4, value);
        } else if (value >>> 32 == 0) {
            BigEndian.put32(bytes, 8, value);
        }
    }

    /**
     * Points at what is wrong (SPC-5, field pointer).
     *
     * @param inCdb true if it is in the CDB, false if it is in the parameter list
     * @param offset where the field begins
     * @param bit the leftmost bit of the field, or {@link #WHOLE_BYTE}
     */
    public void setFieldPointer(boolean inCdb, int offset, int bit) {
        int commandData = 0x40;
        int bpv = 0x08;
        setSenseKeySpecific((inCdb ? commandData : 0) | (bit < 0 ? 0 : bpv | bit), offset);
    }

    /**
     * Tells how far something has come (SPC-5, progress indication).
     *
     * @param parts of 65,536
     */
    public void setProgress(int parts) {
        setSenseKeySpecific(0, parts);
    }

    /**
     * Sets SENSE KEY SPECIFIC.
     *
     * @param flags the lower seven bits of its first byte
     * @param value the other two bytes
     */
    private void setSenseKeySpecific(int flags, int value) {
        int at = isDescriptor() ? describe(SENSE_KEY_SPECIFIC, 0x06) + 4 : 15;
        bytes[at] = (byte) (SKSV | flags);
        BigEndian.put16(bytes, at + 1, value);
    }

    /** Adds a descriptor of zeros and returns where it begins. */
    private int describe(int type, int additionalLength) {
        int at = length;
        length += 2 + additionalLength;
        Arrays.fill(bytes, at, length, (byte) 0);
        bytes[at] = (byte) type;
        bytes[at + 1] = (byte) additionalLength;
        bytes[7] = (byte) (length - HEADER_LENGTH);
        return at;
    }
}
