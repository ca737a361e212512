/** The PVH boot protocol, by which Xen, and now everyone, starts an ELF kernel in protected mode. */
@NullMarked
package vmm.firmware.pvh;

import org.jspecify.annotations.NullMarked;
