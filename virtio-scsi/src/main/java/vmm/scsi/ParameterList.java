package vmm.scsi;

/** A parameter list (SPC-5): what an initiator sent with a command, copied so that it cannot change any more. */
public final class ParameterList extends Fields {
    /** A list of these bytes, which it keeps. */
    public ParameterList(byte[] bytes) {
        super(bytes);
    }

    /** How long it is. */
    public int length() {
        return bytes().length;
    }
}
