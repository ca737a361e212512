package vmm.machine;

import java.util.OptionalInt;
import vmm.machine.MachineRequest.Controller;
import vmm.machine.MachineRequest.Virtio;
import vmm.virtio.pci.VirtioTransport;
import vmm.virtio.scsi.HbaConfig;

/**
 * Fills in what was left open of virtio devices that have their place, and refuses what cannot be.
 *
 * @param cpus how many vCPUs the machine has
 * @param iothreads how many I/O threads its devices may share
 * @param transport what devices are that do not say it themselves
 */
record VirtioPlan(int cpus, int iothreads, VirtioTransport transport) {
    private static final int USUAL_QUEUE_SIZE = 256;

    /** A controller in full. */
    ControllerConfig controller(String id, int index, PciAddress address, Controller wanted) {
        String name = "Controller " + index;
        if (wanted.virtio().iothreads().size() > 1) {
            throw new ConfigurationException(name
                    + " wants several I/O threads, but one serves a controller and all disks behind it;"
                    + " name one in iothread=.");
        }
        int queueSize = wanted.queueSize().orElse(USUAL_QUEUE_SIZE);
        if (Integer.bitCount(queueSize) != 1 || queueSize < 4 || queueSize > HbaConfig.MAX_QUEUE_SIZE) {
            throw new ConfigurationException(name + " wants queues of " + queueSize
                    + " descriptors; virtqueue_size= takes a power of two from 4 to " + HbaConfig.MAX_QUEUE_SIZE + ".");
        }
        ControllerConfig.Limits limits = new ControllerConfig.Limits(
                queueSize,
                limit(name, "cmd-per-lun", wanted.cmdPerLun(), queueSize, 1, HbaConfig.MAX_CMD_PER_LUN),
                limit(
                        name,
                        "max-sectors",
                        wanted.maxSectors(),
                        HbaConfig.USUAL_SECTORS,
                        HbaConfig.MIN_SECTORS,
                        HbaConfig.MAX_SECTORS),
                limit(name, "seg-max", wanted.segMax(), queueSize - 2, 1, queueSize - 2));
        return new ControllerConfig(id, index, virtio(name, address, wanted.virtio()), limits);
    }

    private static int limit(String device, String key, OptionalInt wanted, int usual, int least, int most) {
        int value = wanted.orElse(usual);
        if (value < least || value > most) {
            throw new ConfigurationException(
                    device + " has " + key + "=" + value + ", but it may be " + least + " to " + most + "; change it.");
        }
        return value;
    }

    /**
     * A virtio device in full.
     *
     * @param device its name at the start of a sentence
     */
    VirtioConfig virtio(String device, PciAddress address, Virtio wanted) {
        int queues = wanted.queues().orElse(Math.min(cpus, MachinePlanner.MAX_QUEUES));
        if (queues < 1 || queues > MachinePlanner.MAX_QUEUES) {
            throw new ConfigurationException(device + " wants " + queues + " request queues, but may have 1 to "
                    + MachinePlanner.MAX_QUEUES + "; change queues=.");
        }
        for (int iothread : wanted.iothreads()) {
            if (iothread < 1 || iothread > iothreads) {
                throw new ConfigurationException(device + " wants I/O thread " + iothread + ", and "
                        + (iothreads == 0 ? "there are none" : "they are 1 to " + iothreads)
                        + "; add --iothreads " + Math.max(iothread, 1) + ", or change iothreads=.");
            }
        }
        VirtioTransport chosen = wanted.transport().orElse(transport);
        if (chosen == VirtioTransport.LEGACY && wanted.rings().packed()) {
            throw new ConfigurationException(device
                    + " wants packed queues, which the legacy interface does not have; leave packed= out, or give it"
                    + " virtio=modern.");
        }
        return new VirtioConfig(address, chosen, queues, wanted.iothreads(), wanted.rings());
    }
}
