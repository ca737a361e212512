/** Disks that are files or block devices of the host, byte for byte: engines, cache modes, flushes, discards. */
@NullMarked
package vmm.block.raw;

import org.jspecify.annotations.NullMarked;
