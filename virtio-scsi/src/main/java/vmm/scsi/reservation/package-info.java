/**
 * Reservations of a logical unit (SPC-5, and RESERVE and RELEASE of SPC-2): who is registered, who holds what, and who
 * may do what meanwhile. Knows neither commands nor transports.
 */
@NullMarked
package vmm.scsi.reservation;

import org.jspecify.annotations.NullMarked;
