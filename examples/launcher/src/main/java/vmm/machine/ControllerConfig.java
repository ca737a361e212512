package vmm.machine;

/**
 * A virtio-scsi controller.
 *
 * @param index its number among the machine's SCSI controllers
 * @param queues how many request queues it offers, at least 1
 * @param address its place on the PCI bus
 */
public record ControllerConfig(int index, int queues, PciAddress address) {}
