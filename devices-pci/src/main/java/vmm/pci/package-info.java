/** The PCI bus: configuration space, BARs, capabilities, MSI-X and interrupt pins of 32 slots with 8 functions each. */
@NullMarked
package vmm.pci;

import org.jspecify.annotations.NullMarked;
