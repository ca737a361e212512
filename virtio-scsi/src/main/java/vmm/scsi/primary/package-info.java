/** The commands that all kinds of logical unit have in common (SPC-5). */
@NullMarked
package vmm.scsi.primary;

import org.jspecify.annotations.NullMarked;
