/** Linux's 64-bit boot protocol. */
@NullMarked
package vmm.firmware.linux;

import org.jspecify.annotations.NullMarked;
