package vmm.machine;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import vmm.block.BlockOptions;
import vmm.control.ControlPath;
import vmm.event.LoopOptions;
import vmm.scsi.WorldWideName;
import vmm.virtio.RingFeatures;
import vmm.virtio.pci.VirtioTransport;

/**
 * A machine as a user asked for it: what is empty is left to {@link MachinePlanner}.
 *
 * @param name what the user calls the machine
 * @param memoryBytes guest RAM in bytes
 * @param cpus how many vCPUs
 * @param iothreads how many I/O threads devices may share
 * @param loop how I/O threads wait for work
 * @param boot what runs first
 * @param transport what virtio devices are that do not say it themselves
 * @param controllers the SCSI controllers asked for, in that order
 * @param disks the disks asked for, in that order
 * @param serial where the first serial port leads
 * @param control where other processes reach it, if they may
 * @param rebootOnReset true if a reset by the guest starts it again
 * @param debugExit true if the guest gets a port that ends the machine
 * @param fwCfg what the guest is told by fw_cfg
 */
public record MachineRequest(
        String name,
        long memoryBytes,
        int cpus,
        int iothreads,
        LoopOptions loop,
        Boot boot,
        VirtioTransport transport,
        List<Controller> controllers,
        List<Disk> disks,
        SerialConfig serial,
        Optional<ControlPath> control,
        boolean rebootOnReset,
        boolean debugExit,
        List<FwCfgItem> fwCfg) {

    public MachineRequest {
        controllers = List.copyOf(controllers);
        disks = List.copyOf(disks);
        fwCfg = List.copyOf(fwCfg);
    }

    /** What a disk is attached to. */
    public enum Bus {
        /** A logical unit behind a virtio-scsi controller. */
        SCSI,
        /** A virtio-blk device of its own. */
        VIRTIO
    }

    /** A place on the PCI bus, as far as the user cares. */
    public record Place(OptionalInt slot, OptionalInt function) {
        /** Wherever there is room. */
        public static final Place ANYWHERE = new Place(OptionalInt.empty(), OptionalInt.empty());
    }

    /** What is left open or chosen of a virtio device; see {@link VirtioConfig}. */
    public record Virtio(
            Place place,
            Optional<VirtioTransport> transport,
            OptionalInt queues,
            List<Integer> iothreads,
            RingFeatures rings) {
        /** All left open. */
        public static final Virtio ANY =
                new Virtio(Place.ANYWHERE, Optional.empty(), OptionalInt.empty(), List.of(), RingFeatures.DEFAULT);

        public Virtio {
            iothreads = List.copyOf(iothreads);
        }
    }

    /** A SCSI controller; see {@link ControllerConfig}. */
    public record Controller(
            OptionalInt index,
            Virtio virtio,
            OptionalInt queueSize,
            OptionalInt cmdPerLun,
            OptionalInt maxSectors,
            OptionalInt segMax) {
        /** All left open. */
        public static final Controller ANY = new Controller(
                OptionalInt.empty(),
                Virtio.ANY,
                OptionalInt.empty(),
                OptionalInt.empty(),
                OptionalInt.empty(),
                OptionalInt.empty());
    }

    /** What a SCSI disk is to the guest, in libvirt's words. */
    public enum Kind {
        /** A direct access block device. */
        DISK,
        /** A CD-ROM drive. */
        CDROM,
        /** A SCSI device of the host. */
        LUN
    }

    /**
     * A disk; see {@link DiskConfig}. The parts of a SCSI address are empty for a virtio-blk disk, and a SCSI disk's
     * virtio part is {@link Virtio#ANY}.
     */
    public record Disk(
            Optional<String> id,
            Kind kind,
            BlockOptions image,
            Optional<String> serial,
            Optional<WorldWideName> wwn,
            Optional<String> vendor,
            Optional<String> product,
            int logicalBlockSize,
            OptionalInt physicalBlockSize,
            boolean removable,
            OptionalInt bootIndex,
            Bus bus,
            OptionalInt controller,
            Optional<NumberRange> targets,
            Optional<NumberRange> luns,
            Virtio virtio,
            DiskPolicy policy) {
        /** True if the other is the same logical unit, wherever it is: the same image, which both say may be shared. */
        boolean isSameUnit(Disk other) {
            return bus == Bus.SCSI
                    && other.bus == Bus.SCSI
                    && image.shareable()
                    && other.image.shareable()
                    && image.source().equals(other.image.source());
        }

        /** The same with another image, and requests treated otherwise. */
        Disk withImage(BlockOptions other, DiskPolicy otherPolicy) {
            return new Disk(
                    id,
                    kind,
                    other,
                    serial,
                    wwn,
                    vendor,
                    product,
                    logicalBlockSize,
                    physicalBlockSize,
                    removable,
                    bootIndex,
                    bus,
                    controller,
                    targets,
                    luns,
                    virtio,
                    otherPolicy);
        }

        /** The same disk with the name and place of another. */
        Disk at(Disk other) {
            return new Disk(
                    other.id,
                    kind,
                    image,
                    serial,
                    wwn,
                    vendor,
                    product,
                    logicalBlockSize,
                    physicalBlockSize,
                    removable,
                    bootIndex,
                    bus,
                    other.controller,
                    other.targets,
                    other.luns,
                    virtio,
                    policy);
        }
    }
}
