/** Port and MMIO address spaces: which device answers at which address. */
@NullMarked
package vmm.bus;

import org.jspecify.annotations.NullMarked;
