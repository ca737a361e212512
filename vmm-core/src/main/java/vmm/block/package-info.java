/** Disks as backends see them: bytes at offsets, locked, flushed, with errors that name their cause. */
@NullMarked
package vmm.block;

import org.jspecify.annotations.NullMarked;
