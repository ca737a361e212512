/**
 * An iSCSI front end (RFC 7143) for a {@link vmm.scsi.ScsiTarget}, small rather than fast: one connection for each
 * session, error recovery level 0, no authentication.
 */
@NullMarked
package vmm.iscsi;

import org.jspecify.annotations.NullMarked;
