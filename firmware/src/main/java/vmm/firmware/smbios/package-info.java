/** SMBIOS structures (DSP0134), by which a guest knows what machine it is on. */
@NullMarked
package vmm.firmware.smbios;

import org.jspecify.annotations.NullMarked;
