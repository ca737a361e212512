package vmm.scsi;

import java.util.Arrays;

/**
 * Sense data (SPC-5 4.4): what went wrong, for the initiator. Owned by a {@link ScsiTask}; writing it allocates
 * nothing.
 */
public final class SenseData {
    /** The most that sense data ever take (SPC-5). */
    public static final int MAX_LENGTH = 252;

    private static final int FIXED_LENGTH = 18;

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
        return (bytes[0] & 0x7f) >= 0x72;
    }

    /** Fixed format, current information (SPC-5). */
    public void setFixed(SenseCode code) {
        Arrays.fill(bytes, 0, FIXED_LENGTH, (byte) 0);
        bytes[0] = 0x70;
        bytes[2] = (byte) code.key().code();
        bytes[7] = FIXED_LENGTH - 8;
        bytes[12] = (byte) code.asc();
        bytes[13] = (byte) code.ascq();
        length = FIXED_LENGTH;
    }

    /** Descriptor format, current information, with no descriptor (SPC-5). */
    public void setDescriptor(SenseCode code) {
        Arrays.fill(bytes, 0, 8, (byte) 0);
        bytes[0] = 0x72;
        bytes[1] = (byte) code.key().code();
        bytes[2] = (byte) code.asc();
        bytes[3] = (byte) code.ascq();
        length = 8;
    }

    /** Sets the INFORMATION field of fixed format (SPC-5); a value that does not fit leaves it invalid. */
    public void setInformation(long value) {
        if (value >>> 32 == 0) {
            bytes[0] |= (byte) 0x80;
            BigEndian.put32(bytes, 3, value);
        }
    }

    /**
     * Points at what is wrong, in the sense key specific field of fixed format (SPC-5, field pointer).
     *
     * @param inCdb true if it is in the CDB, false if it is in the parameter list
     * @param bit the leftmost bit of the field, or negative if it is the whole byte
     */
    public void setFieldPointer(boolean inCdb, int offset, int bit) {
        int sksv = 0x80;
        int commandData = 0x40;
        int bpv = 0x08;
        bytes[15] = (byte) (sksv | (inCdb ? commandData : 0) | (bit < 0 ? 0 : bpv | bit));
        BigEndian.put16(bytes, 16, offset);
    }
}
