/** A SCSI target (SAM-5, SPC-5, SBC-4) that knows nothing of virtio or PCI. */
@NullMarked
package vmm.scsi;

import org.jspecify.annotations.NullMarked;
