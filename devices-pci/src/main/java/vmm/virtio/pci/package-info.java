/** Virtio devices as PCI functions (virtio 1.3 4.1). */
@NullMarked
package vmm.virtio.pci;

import org.jspecify.annotations.NullMarked;
