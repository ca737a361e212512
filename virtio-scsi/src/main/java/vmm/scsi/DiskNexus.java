package vmm.scsi;

import org.jspecify.annotations.Nullable;
import vmm.block.BlockQueue;

/** What a disk keeps for one initiator: on top of the rest, the way of its loop to the medium. */
final class DiskNexus extends ItlNexus {
    private static final DeviceServer<DiskNexus> SERVER = new DeviceServer<>(DiskCommands.TABLE);

    private final ScsiDisk disk;
    private @Nullable BlockQueue queue;

    DiskNexus(ItNexus initiator, ScsiDisk disk) {
        super(initiator, disk);
        this.disk = disk;
    }

    @Override
    public ScsiDisk unit() {
        return disk;
    }

    /** The way to the medium, opened when it is first needed. */
    BlockQueue queue() {
        BlockQueue open = queue;
        if (open == null) {
            open = disk.medium().openQueue(initiator().loop());
            queue = open;
        }
        return open;
    }

    @Override
    protected void execute(ScsiTask task) {
        SERVER.execute(this, task);
    }

    @Override
    @Nullable
    SenseCode notReady() {
        return disk.stopped() ? SenseCode.LOGICAL_UNIT_NOT_READY_INITIALIZING_COMMAND_REQUIRED : null;
    }
}
