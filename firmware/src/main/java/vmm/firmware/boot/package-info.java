/**
 * What every boot protocol needs: the kernel's file, the memory map that the guest is told, and the state that its
 * first processor starts in.
 */
@NullMarked
package vmm.firmware.boot;

import org.jspecify.annotations.NullMarked;
