package vmm.machine;

/** Where the guest finds a disk. */
public sealed interface DiskAddress {
    /**
     * A logical unit behind a virtio-scsi controller.
     *
     * @param controller the controller's index
     * @param target 0 to 255
     * @param lun 0 to 16383
     */
    record Scsi(int controller, int target, int lun) implements DiskAddress {}

    /**
     * A virtio-blk device of its own.
     *
     * @param virtio its place on the PCI bus, queues and threads
     */
    record Virtio(VirtioConfig virtio) implements DiskAddress {}
}
