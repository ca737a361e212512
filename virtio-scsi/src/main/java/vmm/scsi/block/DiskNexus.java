package vmm.scsi.block;

import org.jspecify.annotations.Nullable;
import vmm.block.BlockDevice;
import vmm.scsi.DeviceServer;
import vmm.scsi.ItNexus;
import vmm.scsi.MediumNexus;
import vmm.scsi.ScsiTask;
import vmm.scsi.SenseCode;

/** What a disk keeps for one initiator: its part of the commands of a disk. */
final class DiskNexus extends MediumNexus {
    private static final DeviceServer<DiskNexus> SERVER = new DeviceServer<>(DiskCommands.TABLE);

    private final ScsiDisk disk;

    DiskNexus(ItNexus initiator, ScsiDisk disk) {
        super(initiator, disk);
        this.disk = disk;
    }

    @Override
    public ScsiDisk unit() {
        return disk;
    }

    @Override
    protected BlockDevice medium() {
        return disk.medium();
    }

    @Override
    protected void execute(ScsiTask task) {
        SERVER.execute(this, task);
    }

    @Override
    public @Nullable SenseCode notReady() {
        return disk.stopped() ? SenseCode.LOGICAL_UNIT_NOT_READY_INITIALIZING_COMMAND_REQUIRED : null;
    }
}
