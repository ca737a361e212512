/** The i440FX and PIIX functions that firmware and guests look for in slots 0 and 1. */
@NullMarked
package vmm.pci.chipset;

import org.jspecify.annotations.NullMarked;
