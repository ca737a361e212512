package vmm.scsi.primary;

import vmm.scsi.CommandTable;
import vmm.scsi.ItNexus;
import vmm.scsi.MediumNexus;

/** What a {@link PrimaryUnit} keeps for one initiator. */
public abstract class PrimaryNexus extends MediumNexus {
    private static final byte[] NOTHING = {};

    private byte[] echo = NOTHING;

    /** The nexus of {@code unit} and {@code initiator}, with POWER ON OCCURRED to tell. */
    protected PrimaryNexus(ItNexus initiator, PrimaryUnit unit) {
        super(initiator, unit);
    }

    @Override
    public abstract PrimaryUnit unit();

    /** What this initiator wrote to its echo buffer last; empty if nothing. Not to be changed. */
    final byte[] echo() {
        return echo;
    }

    final void setEcho(byte[] data) {
        echo = data;
    }

    /** The commands that the logical unit has. */
    protected abstract CommandTable<?> commands();
}
