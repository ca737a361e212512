package vmm.machine;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import vmm.block.BlockOptions;

/**
 * A machine as a user asked for it: what is empty is left to {@link MachinePlanner}.
 *
 * @param name what the user calls the machine
 * @param memoryBytes guest RAM in bytes
 * @param cpus how many vCPUs
 * @param boot what runs first
 * @param controllers the SCSI controllers asked for, in that order
 * @param disks the disks asked for, in that order
 * @param serial where the first serial port leads
 * @param rebootOnReset true if a reset by the guest starts it again
 * @param debugExit true if the guest gets a port that ends the machine
 */
public record MachineRequest(
        String name,
        long memoryBytes,
        int cpus,
        Boot boot,
        List<Controller> controllers,
        List<Disk> disks,
        SerialConfig serial,
        boolean rebootOnReset,
        boolean debugExit) {

    public MachineRequest {
        controllers = List.copyOf(controllers);
        disks = List.copyOf(disks);
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

    /** A SCSI controller; see {@link ControllerConfig}. */
    public record Controller(OptionalInt index, OptionalInt queues, Place place) {}

    /**
     * A disk; see {@link DiskConfig}. The parts of a SCSI address are empty for a virtio-blk disk, and the place on the
     * PCI bus is {@link Place#ANYWHERE} for a SCSI disk.
     */
    public record Disk(
            Optional<String> id,
            BlockOptions image,
            Optional<String> serial,
            OptionalLong wwn,
            Optional<String> vendor,
            Optional<String> product,
            int logicalBlockSize,
            OptionalInt physicalBlockSize,
            Bus bus,
            OptionalInt controller,
            OptionalInt target,
            OptionalInt lun,
            Place place) {}
}
