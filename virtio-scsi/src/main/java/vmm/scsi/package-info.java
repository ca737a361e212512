/** A SCSI target (SAM-5) that knows nothing of virtio or PCI: its model, and the way of a command through it. */
@NullMarked
package vmm.scsi;

import org.jspecify.annotations.NullMarked;
