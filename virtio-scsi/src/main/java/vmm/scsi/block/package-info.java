/** Direct access block devices: disks (SBC-4). */
@NullMarked
package vmm.scsi.block;

import org.jspecify.annotations.NullMarked;
