package vmm.machine;

import java.util.HexFormat;
import vmm.block.BlockDevice;
import vmm.block.BlockOptions;
import vmm.event.EventLoop;
import vmm.scsi.DiskIdentity;
import vmm.scsi.ScsiBus;
import vmm.scsi.block.DiskGeometry;
import vmm.scsi.block.ScsiDisk;
import vmm.scsi.primary.PrimaryUnits;
import vmm.virtio.QueueLoops;
import vmm.virtio.blk.BlkConfig;
import vmm.virtio.blk.BlkLayout;
import vmm.virtio.blk.VirtioBlkDevice;
import vmm.virtio.scsi.HbaConfig;
import vmm.virtio.scsi.VirtioScsiDevice;

/** Makes the two kinds of storage device from what the user asked for. */
final class StorageDevices {
    private static final String REVISION = "0001";

    private StorageDevices() {}

    /**
     * A virtio-blk device in front of one disk.
     *
     * @param loops do its work
     */
    static VirtioBlkDevice blk(DiskConfig disk, VirtioConfig virtio, BlockDevice image, QueueLoops loops) {
        BlkConfig config = BlkConfig.of(disk.id(), disk.serial())
                .withLayout(BlkLayout.of(disk.logicalBlockSize(), disk.physicalBlockSize()))
                .withWriteCache(disk.image().cache() != BlockOptions.Cache.WRITETHROUGH)
                .withRings(virtio.rings());
        return new VirtioBlkDevice(loops, image, config.withQueues(virtio.queues(), config.queueSize()));
    }

    /**
     * A virtio-scsi controller with every disk that is behind it.
     *
     * @param loop does the work of the controller and all its disks
     */
    static VirtioScsiDevice hba(ControllerConfig controller, MachineConfig machine, OpenDisks disks, EventLoop loop) {
        ScsiBus bus = new ScsiBus(PrimaryUnits.SHARED);
        for (DiskConfig disk : machine.disks()) {
            if (disk.address() instanceof DiskAddress.Scsi(int index, int target, int lun)
                    && index == controller.index()) {
                bus.attach(target, lun, scsiDisk(disk, disks.of(disk)));
            }
        }
        return new VirtioScsiDevice(
                loop, bus, HbaConfig.of(name(controller), controller.virtio().queues()));
    }

    private static ScsiDisk scsiDisk(DiskConfig disk, BlockDevice image) {
        String wwn =
                disk.wwn().isPresent() ? HexFormat.of().toHexDigits(disk.wwn().getAsLong()) : "";
        return new ScsiDisk(
                image,
                new DiskIdentity(disk.vendor(), disk.product(), REVISION, disk.serial(), wwn),
                new DiskGeometry(disk.logicalBlockSize(), disk.physicalBlockSize()),
                true);
    }

    /** What people call a controller: {@code scsi0}. */
    static String name(ControllerConfig controller) {
        return "scsi" + controller.index();
    }
}
