/**
 * Third-party copy (SPC-5): a copy manager that reads and writes logical units as an initiator does. Knows no device
 * type.
 */
@NullMarked
package vmm.scsi.copy;

import org.jspecify.annotations.NullMarked;
