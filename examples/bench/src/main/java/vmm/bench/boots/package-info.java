/** How long a whole system takes to start, by every way there is, on this VMM and on QEMU. */
@NullMarked
package vmm.bench.boots;

import org.jspecify.annotations.NullMarked;
