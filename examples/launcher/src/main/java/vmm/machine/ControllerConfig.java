package vmm.machine;

/**
 * A virtio-scsi controller.
 *
 * @param index its number among the machine's SCSI controllers
 * @param virtio its place, queues and threads
 */
public record ControllerConfig(int index, VirtioConfig virtio) {}
