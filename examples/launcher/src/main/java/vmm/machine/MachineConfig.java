package vmm.machine;

import java.util.BitSet;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import vmm.control.ControlPath;
import vmm.event.LoopOptions;
import vmm.virtio.pci.VirtioTransport;

/**
 * A machine in full: nothing is left to a default, and no two parts want the same place. {@code MachinePlanner} makes
 * it from what a user wrote.
 *
 * @param name what the user calls the machine
 * @param memoryBytes guest RAM in bytes, a multiple of 1 MiB
 * @param cpus how many vCPUs, at least 1
 * @param iothreads how many I/O threads devices share, numbered from 1; those that name none have one of their own
 * @param loop how I/O threads wait for work
 * @param boot what runs first
 * @param transport what virtio devices are about which nobody says it
 * @param controllers the SCSI controllers, by index
 * @param disks the disks, in the order in which they were asked for
 * @param serial where the first serial port leads
 * @param control where other processes reach it, if they may
 * @param rebootOnReset true if a reset by the guest starts it again; false if it ends the machine
 * @param debugExit true if the guest has a port that ends the machine with an exit code
 * @param fwCfg what the guest is told by fw_cfg, beside what firmware needs
 */
public record MachineConfig(
        String name,
        long memoryBytes,
        int cpus,
        int iothreads,
        LoopOptions loop,
        Boot boot,
        VirtioTransport transport,
        List<ControllerConfig> controllers,
        List<DiskConfig> disks,
        SerialConfig serial,
        Optional<ControlPath> control,
        boolean rebootOnReset,
        boolean debugExit,
        List<FwCfgItem> fwCfg) {

    public MachineConfig {
        controllers = List.copyOf(controllers);
        disks = List.copyOf(disks);
        fwCfg = List.copyOf(fwCfg);
    }

    /** The disk of that name. */
    public Optional<DiskConfig> disk(String id) {
        return disks.stream().filter(disk -> disk.id().equals(id)).findFirst();
    }

    /** The controller of that name. */
    public Optional<ControllerConfig> controller(String id) {
        return controllers.stream()
                .filter(controller -> controller.id().equals(id))
                .findFirst();
    }

    /** The numbers of the logical units that a target has. */
    public BitSet luns(int controller, int target) {
        BitSet luns = new BitSet();
        for (DiskConfig disk : disks) {
            if (disk.address() instanceof DiskAddress.Scsi scsi) {
                for (LunRange place : scsi.places()) {
                    if (place.controller() == controller && place.targets().overlaps(NumberRange.of(target))) {
                        luns.set(place.luns().first(), place.luns().last() + 1);
                    }
                }
            }
        }
        return luns;
    }

    /** The same with one disk more. */
    MachineConfig with(DiskConfig disk) {
        return with(controllers, Stream.concat(disks.stream(), Stream.of(disk)).toList());
    }

    /** The same with one controller more. */
    MachineConfig with(ControllerConfig controller) {
        List<ControllerConfig> more = Stream.concat(controllers.stream(), Stream.of(controller))
                .sorted(Comparator.comparingInt(ControllerConfig::index))
                .toList();
        return with(more, disks);
    }

    /** The same with another disk in the place of the one of its name. */
    MachineConfig replacing(DiskConfig disk) {
        return with(
                controllers,
                disks.stream()
                        .map(each -> each.id().equals(disk.id()) ? disk : each)
                        .toList());
    }

    /** The same without the disks and controllers of these names. */
    MachineConfig without(Collection<String> ids) {
        return with(
                controllers.stream().filter(each -> !ids.contains(each.id())).toList(),
                disks.stream().filter(each -> !ids.contains(each.id())).toList());
    }

    private MachineConfig with(List<ControllerConfig> newControllers, List<DiskConfig> newDisks) {
        return new MachineConfig(
                name,
                memoryBytes,
                cpus,
                iothreads,
                loop,
                boot,
                transport,
                newControllers,
                newDisks,
                serial,
                control,
                rebootOnReset,
                debugExit,
                fwCfg);
    }
}
