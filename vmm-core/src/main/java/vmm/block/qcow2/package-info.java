/** QEMU's copy-on-write image format, versions 2 and 3: docs/interop/qcow2 of QEMU is the specification it cites. */
@NullMarked
package vmm.block.qcow2;

import org.jspecify.annotations.NullMarked;
