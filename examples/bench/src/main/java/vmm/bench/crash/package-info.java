/** Disks that lose nothing when the VMM is killed. */
@NullMarked
package vmm.bench.crash;

import org.jspecify.annotations.NullMarked;
