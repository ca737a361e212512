package vmm.scsi.primary;

import vmm.scsi.LogicalUnit;
import vmm.scsi.ParameterData;

/** A logical unit with mode parameters (SPC-5 7.5). */
public abstract class PrimaryUnit extends LogicalUnit {
    /** The TARGET PORT GROUP of all target ports that lead to a unit (SPC-5). */
    public static final int TARGET_PORT_GROUP = 1;

    private static final byte[] ZEROS = {};

    private final ModeParameters modes;

    /** Buffer 0, empty while nobody has written to it. */
    private byte[] buffer = ZEROS;

    /**
     * A logical unit with these mode pages.
     *
     * @param pages those that all units of its kind share
     */
    protected PrimaryUnit(ModePages pages) {
        this(pages, SavedModes.none());
    }

    /**
     * The same, with the values that were saved before.
     *
     * @param saved where they are kept
     */
    protected PrimaryUnit(ModePages pages, SavedModes saved) {
        modes = new ModeParameters(pages, saved);
    }

    /** A copy of buffer 0 (SPC-5, READ BUFFER), {@value Buffers#CAPACITY} bytes. Any thread may call. */
    final synchronized byte[] buffer() {
        return buffer.length == 0 ? new byte[Buffers.CAPACITY] : buffer.clone();
    }

    /** Writes a part of buffer 0, which it has. Any thread may call. */
    final synchronized void writeBuffer(int offset, byte[] data) {
        byte[] next = buffer();
        System.arraycopy(data, 0, next, offset, data.length);
        buffer = next;
    }

    /** Its mode parameters. */
    public final ModeParameters modes() {
        return modes;
    }

    @Override
    public boolean descriptorSense() {
        return modes.has(ModePages.CONTROL, 2, ModePages.D_SENSE);
    }

    @Override
    public boolean taskAbortedStatus() {
        return modes.has(ModePages.CONTROL, 5, ModePages.TAS);
    }

    /** What tells the unit from others of its vendor and product if it has no serial number. */
    protected abstract String distinction();

    /** The DEVICE-SPECIFIC PARAMETER of the mode parameter header. */
    protected abstract int deviceSpecificParameter();

    /**
     * Adds the mode parameter block descriptor.
     *
     * @param longLba true for the 16 bytes of a LONGLBA one, false for 8 bytes
     */
    protected abstract void writeBlockDescriptor(ParameterData data, boolean longLba);

    /**
     * Looks at a block descriptor of MODE SELECT.
     *
     * @param wanted what the initiator sent, as long as what {@link #writeBlockDescriptor} writes
     * @param present what is so now
     * @return where it asks for something that cannot be, or -1
     */
    protected int refusedInBlockDescriptor(byte[] wanted, byte[] present) {
        for (int i = 0; i < present.length; i++) {
            if (wanted[i] != present[i]) {
                return i;
            }
        }
        return -1;
    }

    /** Mode parameters have changed. On the loop of any initiator. */
    protected void modesChanged() {
        // Most ask for them when they need them.
    }

    @Override
    protected void restore() {
        modes.reset();
        modesChanged();
    }
}
