/** The Multiboot boot protocol, version 1 (Multiboot Specification 0.6.96). */
@NullMarked
package vmm.firmware.multiboot;

import org.jspecify.annotations.NullMarked;
