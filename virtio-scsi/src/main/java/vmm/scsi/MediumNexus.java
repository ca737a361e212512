package vmm.scsi;

import org.jspecify.annotations.Nullable;
import vmm.block.BlockDevice;
import vmm.block.BlockQueue;

/** What a logical unit with a medium keeps for one initiator: on top of the rest, the way of its loop to the medium. */
public abstract class MediumNexus extends ItlNexus {
    private @Nullable BlockDevice medium;
    private @Nullable BlockQueue queue;

    /** How many drains there are. */
    private int drains;

    /** The nexus of {@code unit} and {@code initiator}, with POWER ON OCCURRED to tell. */
    protected MediumNexus(ItNexus initiator, LogicalUnit unit) {
        super(initiator, unit);
    }

    /** What is in the logical unit at this moment. */
    protected abstract BlockDevice medium();

    /** The way to the medium, opened when it is first needed. */
    @SuppressWarnings("ReferenceEquality") // Another medium is another object.
    protected final BlockQueue queue() {
        BlockDevice present = medium();
        BlockQueue open = queue;
        if (open == null || medium != present) {
            open = present.openQueue(initiator().loop());
            medium = present;
            queue = open;
            if (drains > 0) {
                open.drain(true);
            }
        }
        return open;
    }

    @Override
    protected final void drain(boolean on) {
        drains += on ? 1 : -1;
        BlockQueue open = queue;
        if (open != null) {
            open.drain(drains > 0);
        }
    }
}
