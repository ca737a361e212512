package vmm.machine;

import java.util.List;
import java.util.Optional;
import vmm.control.ControlPath;
import vmm.event.LoopOptions;

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
}
