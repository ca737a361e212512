/** This VMM beside QEMU: the same guest, the same image, in turns. */
@NullMarked
package vmm.bench.compare;

import org.jspecify.annotations.NullMarked;
