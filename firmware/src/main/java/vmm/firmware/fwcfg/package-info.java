/** The fw_cfg device of QEMU's machines, by which firmware learns what machine it is on and what is asked of it. */
@NullMarked
package vmm.firmware.fwcfg;

import org.jspecify.annotations.NullMarked;
