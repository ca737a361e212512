/** CD-ROM and DVD-ROM drives (MMC-6): discs that come and go, and what a drive says of them. */
@NullMarked
package vmm.scsi.multimedia;

import org.jspecify.annotations.NullMarked;
