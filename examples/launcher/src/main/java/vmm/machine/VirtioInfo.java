package vmm.machine;

import vmm.virtio.pci.VirtioPciState;

/**
 * A virtio device on the PCI bus, as of one moment.
 *
 * @param id its name among the machine's devices
 * @param type 2 for a block device, 8 for a SCSI host (virtio 1.3 5)
 * @param features what it offers
 * @param state what its driver has set up
 */
public record VirtioInfo(String id, int type, long features, VirtioPciState state) {}
