package vmm.machine;

/**
 * A virtio-scsi controller.
 *
 * @param id its name among the machine's devices
 * @param index its number among the machine's SCSI controllers
 * @param virtio its place, queues and threads
 * @param limits the sizes of its queues and of what drivers put into them
 */
public record ControllerConfig(String id, int index, VirtioConfig virtio, Limits limits) {
    /**
     * What the configuration space of a controller says (virtio 1.3 5.6.4).
     *
     * @param queueSize the most descriptors of a queue
     * @param cmdPerLun the most commands in flight to one logical unit
     * @param maxSectors the most sectors of 512 bytes in one command
     * @param segMax the most buffers for the data of one command
     */
    public record Limits(int queueSize, int cmdPerLun, int maxSectors, int segMax) {}
}
