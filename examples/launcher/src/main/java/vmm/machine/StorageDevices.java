package vmm.machine;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vmm.block.BlockDevice;
import vmm.block.BlockOptions;
import vmm.event.EventLoop;
import vmm.scsi.DiskIdentity;
import vmm.scsi.FaultInjection;
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
 * Makes the two kinds of storage device from what the user asked for, and the logical units behind the one of them,
 * which come and go. A logical unit that is behind several controllers is made once. One thread at a time.
 */
final class StorageDevices implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(StorageDevices.class);

    private static final String REVISION = "0001";
    private static final long WARNING_SECONDS = 10;

    private final String machine;
    private final OpenDisks disks;
    private final Trays trays;
    private final SizeWatch sizes = new SizeWatch();

    /** By the names of their disks; those that are several by one name are not here. */
    private final Map<String, LogicalUnit> units = new HashMap<>();

    /** The indexes of the controllers that lead to each of them. */
    private final Map<String, Set<Integer>> ways = new HashMap<>();

    /** By the names of their disks. */
    private final Map<String, VirtioBlkDevice> blocks = new HashMap<>();

    /** By index. */
    private final Map<Integer, VirtioScsiDevice> controllers = new HashMap<>();

    /** Told what the trays of drives do. */
    @FunctionalInterface
    interface Trays {
        /** The tray of the drive of that name has moved. Any thread, which must not be kept. */
        void moved(String id, boolean open);
    }

    /**
     * No devices yet.
     *
     * @param machine the machine's name
     * @param trays told what the trays of drives do
     */
    StorageDevices(String machine, OpenDisks disks, Trays trays) {
        this.machine = machine;
        this.trays = trays;
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
        blocks.put(disk.id(), device);
        return device;
    }

    /** The device of a disk that has its own is no more: nobody tells it how large the disk is. */
    void forgetBlk(DiskConfig disk) {
        blocks.remove(disk.id());
        sizes.remove(disks.of(disk));
    }

    /**
     * A virtio-scsi controller with those of the disks that are behind it.
     *
     * @param loop does the work of the controller and all its disks
     */
    VirtioScsiDevice hba(ControllerConfig controller, Collection<DiskConfig> all, EventLoop loop) {
        ScsiBus bus = new ScsiBus(PrimaryUnits.SHARED, controller.index());
        for (DiskConfig disk : all) {
            if (disk.address() instanceof DiskAddress.Scsi scsi) {
                scsi.places().stream()
                        .filter(place -> place.controller() == controller.index())
                        .forEach(place -> attach(bus, disk, place));
            }
        }
        ControllerConfig.Limits limits = controller.limits();
        VirtioScsiDevice device = new VirtioScsiDevice(
                loop,
                bus,
                new HbaConfig(
                        controller.id(),
                        controller.virtio().queues(),
                        limits.queueSize(),
                        controller.virtio().rings(),
                        limits.cmdPerLun(),
                        limits.maxSectors(),
                        limits.segMax(),
                        TransportId.named(machine + "/" + controller.id())));
        controllers.put(controller.index(), device);
        return device;
    }

    /** A controller is no more, nor are the logical units that only it leads to. */
    void forgetHba(ControllerConfig controller) {
        VirtioScsiDevice gone = controllers.remove(controller.index());
        if (gone != null) {
            gone.disconnect();
        }
        ways.values().forEach(controllersOfUnit -> controllersOfUnit.remove(controller.index()));
        List<String> unreachable = ways.entrySet().stream()
                .filter(each -> each.getValue().isEmpty())
                .map(Map.Entry::getKey)
                .toList();
        unreachable.forEach(this::forgetUnit);
    }

    private void attach(ScsiBus bus, DiskConfig disk, LunRange place) {
        if (place.isSingle()) {
            bus.attach(place.targets().first(), place.luns().first(), unit(disk, place));
            return;
        }
        for (int target = place.targets().first(); target <= place.targets().last(); target++) {
            String serial = disk.serial() + "-" + target + "-";
            bus.attach(target, place.luns().first(), place.luns().last(), lun -> scsiDisk(disk, serial + lun));
        }
    }

    /** Puts a logical unit behind the controllers where it is to be, and their drivers hear of it. */
    void attach(DiskConfig disk, DiskAddress.Scsi address) {
        for (LunRange place : address.places()) {
            VirtioScsiDevice controller = controllers.get(place.controller());
            if (controller == null) {
                throw new RefusedException(
                        RefusedException.Kind.IN_USE, "Controller " + place.controller() + " is about to go.");
            }
            controller.attach(place.targets().first(), place.luns().first(), unit(disk, place));
        }
    }

    /** Takes a logical unit away, and waits until its last command has ended. */
    void detach(DiskConfig disk, DiskAddress.Scsi address) {
        LogicalUnit unit = units.get(disk.id());
        if (unit == null) {
            return;
        }
        List<LunRange> places = address.places();
        CountDownLatch unreachable = new CountDownLatch(places.size());
        for (LunRange place : places) {
            VirtioScsiDevice controller = controllers.get(place.controller());
            if (controller == null) {
                // It has gone, and what was behind it with it.
                unreachable.countDown();
            } else {
                controller.detach(place.targets().first(), place.luns().first(), unreachable::countDown);
            }
        }
        await(unreachable, disk);
        CountDownLatch quiet = new CountDownLatch(1);
        unit.retire(quiet::countDown);
        await(quiet, disk);
        forgetUnit(disk.id());
    }

    private static void await(CountDownLatch latch, DiskConfig disk) {
        boolean interrupted = false;
        while (true) {
            try {
                if (latch.await(WARNING_SECONDS, TimeUnit.SECONDS)) {
                    break;
                }
                log.warn("Commands of disk {} have not ended yet, and it cannot go before.", disk.id());
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void forgetUnit(String id) {
        ways.remove(id);
        switch (units.remove(id)) {
            case ScsiDisk gone -> sizes.remove(gone.medium());
            case CdRomDrive gone -> gone.close();
            case null, default -> {}
        }
    }

    /** The logical unit of that name; null if there is none, or several. */
    @Nullable
    LogicalUnit logicalUnit(String id) {
        return units.get(id);
    }

    /** The drive of that name, or null if there is none. */
    @Nullable
    CdRomDrive drive(String id) {
        return units.get(id) instanceof CdRomDrive drive ? drive : null;
    }

    /** What the disk of that name has done; empty if it is several, or not there. */
    Optional<DiskCounters> counters(String id) {
        VirtioBlkDevice block = blocks.get(id);
        if (block != null) {
            return block.counters().stream()
                    .map(each -> new DiskCounters(
                            each.reads(),
                            each.readBytes(),
                            each.writes(),
                            each.writtenBytes(),
                            each.flushes(),
                            each.errors()))
                    .reduce(DiskCounters::plus);
        }
        return Optional.ofNullable(units.get(id)).map(LogicalUnit::counters).map(DiskCounters::of);
    }

    private LogicalUnit unit(DiskConfig disk, LunRange place) {
        ways.computeIfAbsent(disk.id(), id -> new HashSet<>()).add(place.controller());
        LogicalUnit known = units.get(disk.id());
        if (known == null) {
            known = make(disk);
            known.inject(new FaultInjection());
            units.put(disk.id(), known);
        }
        return known;
    }

    private LogicalUnit make(DiskConfig disk) {
        if (disk.cdrom()) {
            return new CdRomDrive(
                    identity(disk, disk.serial()), disks.discs(disk), open -> trays.moved(disk.id(), open));
        }
        ScsiDisk unit = scsiDisk(disk, disk.serial());
        sizes.add(unit.medium(), unit::capacityChanged);
        return unit;
    }

    /** Guests go by a world wide name if there is one. So a disk has none of our making if its serial was chosen. */
    private static DiskIdentity identity(DiskConfig disk, String serial) {
        DiskIdentity identity = new DiskIdentity(disk.vendor(), disk.product(), REVISION, serial, disk.wwn());
        return disk.wwn().isEmpty() && disk.serial().equals(disk.id()) ? identity.withLocalName() : identity;
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
                ? disks.nonvolatile(disk, machine)
                : NonvolatileState.none();
    }

    /** Has devices told at once of disks that have another size. */
    void lookAtSizes() {
        sizes.look();
    }

    /** Tells devices no more of disks that grow. */
    void stopWatching() {
        sizes.close();
    }

    /** Takes the discs out of all drives, after the last request has ended. */
    @Override
    public void close() {
        try (Teardown teardown = new Teardown()) {
            for (LogicalUnit unit : new ArrayList<>(units.values())) {
                if (unit instanceof CdRomDrive drive) {
                    teardown.opened(drive);
                }
            }
        }
    }
}
