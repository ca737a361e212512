package vmm.kvm;

/**
 * A segment register with the descriptor it was loaded from (Intel SDM volume 3, 3.4.5).
 *
 * @param base linear address
 * @param limit in bytes, as the processor expands it
 * @param selector the visible part
 * @param type the four type bits
 * @param system true for a task state or local descriptor table, false for code or data
 * @param privilege the descriptor privilege level, 0 to 3
 * @param big the default operation size is 32 bits
 * @param longMode 64-bit code
 */
public record Segment(
        long base, int limit, int selector, int type, boolean system, int privilege, boolean big, boolean longMode) {
    /** Execute, read, accessed. */
    public static final int TYPE_CODE = 0xb;

    /** Read, write, accessed. */
    public static final int TYPE_DATA = 0x3;

    /** A 32 or 64-bit task state that is in use. */
    public static final int TYPE_BUSY_TSS = 0xb;

    /** All of memory as 64-bit code. */
    public static Segment code64(int selector) {
        return new Segment(0, -1, selector, TYPE_CODE, false, 0, false, true);
    }

    /** All of memory as 32-bit code. */
    public static Segment code32(int selector) {
        return new Segment(0, -1, selector, TYPE_CODE, false, 0, true, false);
    }

    /** All of memory as data. */
    public static Segment data(int selector) {
        return new Segment(0, -1, selector, TYPE_DATA, false, 0, true, false);
    }

    /** A task state that nobody switches to, which a processor in protected mode must have. */
    public static Segment taskState() {
        return new Segment(0, 0x67, 0, TYPE_BUSY_TSS, true, 0, false, false);
    }
}
