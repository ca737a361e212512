package vmm.machine;

import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import vmm.block.BlockDevice;
import vmm.block.BlockOptions;
import vmm.event.EventLoop;
import vmm.scsi.DiskIdentity;
import vmm.scsi.LogicalUnit;
import vmm.scsi.ScsiBus;
import vmm.scsi.TransportId;
import vmm.scsi.block.DiskGeometry;
import vmm.scsi.block.NonvolatileState;
import vmm.scsi.block.ScsiDisk;
import vmm.scsi.multimedia.CdRomDrive;
import vmm.scsi.primary.PrimaryUnits;
import vmm.virtio.QueueLoops;
import vmm.virtio.blk.BlkConfig;
import vmm.virtio.blk.BlkLayout;
import vmm.virtio.blk.VirtioBlkDevice;
import vmm.virtio.scsi.HbaConfig;
import vmm.virtio.scsi.VirtioScsiDevice;

/**
 * Makes the two kinds of storage device from what the user asked for. A logical unit that is behind several controllers
 * is made once.
 */
final class StorageDevices implements AutoCloseable {
    private static final String REVISION = "0001";

    private final MachineConfig machine;
    private final OpenDisks disks;
    private final Teardown teardown = new Teardown();
    private final SizeWatch sizes = new SizeWatch();
    private final Map<String, LogicalUnit> units = new HashMap<>();

    /** Makes devices of {@code machine} in front of its disks. */
    StorageDevices(MachineConfig machine, OpenDisks disks) {
        this.machine = machine;
        this.disks = disks;
    }

    /**
     * A virtio-blk device in front of one disk.
     *
     * @param loops do its work
     */
    VirtioBlkDevice blk(DiskConfig disk, VirtioConfig virtio, QueueLoops loops) {
        BlkConfig config = BlkConfig.of(disk.id(), disk.serial())
                .withLayout(BlkLayout.of(disk.logicalBlockSize(), disk.physicalBlockSize()))
                .withWriteCache(disk.image().cache() != BlockOptions.Cache.WRITETHROUGH)
                .withSecureErase(disk.policy().secureErase())
                .withRings(virtio.rings());
        BlockDevice medium = disks.of(disk);
        VirtioBlkDevice device =
                new VirtioBlkDevice(loops, medium, config.withQueues(virtio.queues(), config.queueSize()));
        sizes.add(medium, device::capacityChanged);
        return device;
    }

    /**
     * A virtio-scsi controller with every disk that is behind it.
     *
     * @param loop does the work of the controller and all its disks
     */
    VirtioScsiDevice hba(ControllerConfig controller, EventLoop loop) {
        ScsiBus bus = new ScsiBus(PrimaryUnits.SHARED, controller.index());
        for (DiskConfig disk : machine.disks()) {
            if (disk.address() instanceof DiskAddress.Scsi scsi) {
                scsi.places().stream()
                        .filter(place -> place.controller() == controller.index())
                        .forEach(place -> attach(bus, disk, place));
            }
        }
        ControllerConfig.Limits limits = controller.limits();
        return new VirtioScsiDevice(
                loop,
                bus,
                new HbaConfig(
                        name(controller),
                        controller.virtio().queues(),
                        limits.queueSize(),
                        controller.virtio().rings(),
                        limits.cmdPerLun(),
                        limits.maxSectors(),
                        limits.segMax(),
                        TransportId.named(machine.name() + "/" + name(controller))));
    }

    private void attach(ScsiBus bus, DiskConfig disk, LunRange place) {
        if (place.isSingle()) {
            LogicalUnit unit = units.computeIfAbsent(disk.id(), id -> unit(disk));
            bus.attach(place.targets().first(), place.luns().first(), unit);
            return;
        }
        for (int target = place.targets().first(); target <= place.targets().last(); target++) {
            String serial = disk.serial() + "-" + target + "-";
            bus.attach(target, place.luns().first(), place.luns().last(), lun -> scsiDisk(disk, serial + lun));
        }
    }

    private LogicalUnit unit(DiskConfig disk) {
        if (disk.cdrom()) {
            return teardown.opened(new CdRomDrive(identity(disk, disk.serial()), disks.discs(disk)));
        }
        ScsiDisk unit = scsiDisk(disk, disk.serial());
        sizes.add(unit.medium(), unit::capacityChanged);
        return unit;
    }

    /** Guests go by a world wide name if there is one. So a disk has none of our making if its serial was chosen. */
    private static DiskIdentity identity(DiskConfig disk, String serial) {
        String wwn =
                disk.wwn().isPresent() ? HexFormat.of().toHexDigits(disk.wwn().getAsLong()) : "";
        DiskIdentity identity = new DiskIdentity(disk.vendor(), disk.product(), REVISION, serial, wwn);
        return wwn.isEmpty() && disk.serial().equals(disk.id()) ? identity.withLocalName() : identity;
    }

    private ScsiDisk scsiDisk(DiskConfig disk, String serial) {
        return new ScsiDisk(
                disks.of(disk),
                identity(disk, serial),
                new DiskGeometry(disk.logicalBlockSize(), disk.physicalBlockSize()),
                true,
                disk.removable(),
                nonvolatile(disk));
    }

    /** Of many logical units that share one medium, each has its own, in memory. */
    private NonvolatileState nonvolatile(DiskConfig disk) {
        return disk.address() instanceof DiskAddress.Scsi scsi && !scsi.isRange()
                ? disks.nonvolatile(disk, machine.name())
                : NonvolatileState.none();
    }

    /** Begins to tell the devices that were made of disks that grow, until what this returns is closed. */
    SizeWatch watchSizes() {
        sizes.start();
        return sizes;
    }

    /** Takes the discs out of all drives, after the last request has ended. */
    @Override
    public void close() {
        teardown.close();
    }

    /** What people call a controller: {@code scsi0}. */
    static String name(ControllerConfig controller) {
        return "scsi" + controller.index();
    }
}
