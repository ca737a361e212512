package vmm.linux;

/** What fallocate(2) is to do with a range of a file: the flags of its mode. */
public final class Fallocate {
    /** The file's size stays, wherever the range ends. */
    public static final int KEEP_SIZE = 0x01;

    /** The range's storage is given back and it reads as zeros; only together with {@link #KEEP_SIZE}. */
    public static final int PUNCH_HOLE = 0x02;

    /** The range reads as zeros and keeps, or gets, storage. */
    public static final int ZERO_RANGE = 0x10;

    private Fallocate() {}
}
