package vmm.scsi;

/**
 * A command descriptor block (SPC-5 4.2), read in place; offsets count from the operation code in byte 0.
 *
 * <p>Made once for each slot and refilled for each command. What lies beyond the bytes that the initiator sent reads as
 * 0; a {@link DeviceServer} refuses a block that is too short for its command before anybody reads it.
 */
public final class Cdb extends Fields {
    /** The longest descriptor block there is: variable length, 8 bytes of header and 252 more (SPC-5). */
    public static final int MAX_LENGTH = 260;

    /** The operation code of a block of variable length, which is told apart by bytes 8 and 9. */
    public static final int VARIABLE_LENGTH = 0x7f;

    private static final int NACA = 1 << 2;

    private int length;

    /** An empty block, in an array of {@value #MAX_LENGTH} bytes. */
    public Cdb() {
        super(new byte[MAX_LENGTH]);
    }

    /**
     * Sets how many bytes the initiator sent, which the transport has written to {@link #bytes}.
     *
     * @param sent at most {@link #MAX_LENGTH}; those beyond are cleared
     */
    public void setLength(int sent) {
        for (int i = sent; i < length; i++) {
            bytes()[i] = 0;
        }
        length = sent;
    }

    /** Copies a whole block here. */
    public void set(byte... block) {
        System.arraycopy(block, 0, bytes(), 0, block.length);
        setLength(block.length);
    }

    /** How many bytes the initiator sent: those of the command and perhaps padding. */
    public int length() {
        return length;
    }

    /** What is to be done. */
    public int operationCode() {
        return u8(0);
    }

    /** Which of the things that share an operation code is to be done (SPC-5), for those that do. */
    public int serviceAction() {
        return operationCode() == VARIABLE_LENGTH ? u16(8) : u8(1) & 0x1f;
    }

    /**
     * NACA of the CONTROL byte (SAM-5 5.2): the initiator wants an ACA condition if the command ends with CHECK
     * CONDITION. The CONTROL byte's place follows from the operation code (SPC-5 4.2).
     */
    public boolean normalAca() {
        int at = switch (operationCode() >>> 5) {
            case 0 -> 5;
            case 1, 2 -> 9;
            case 3 -> 1;
            case 4 -> 15;
            case 5 -> 11;
            default -> -1;
        };
        return at >= 0 && at < length && has(at, NACA);
    }
}
