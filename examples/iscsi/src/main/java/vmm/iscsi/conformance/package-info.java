/** Runs libiscsi's test suite against the SCSI target, and tells how it went. */
@NullMarked
package vmm.iscsi.conformance;

import org.jspecify.annotations.NullMarked;
