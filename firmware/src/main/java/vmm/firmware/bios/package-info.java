/** Firmware in ROM: where its file is, and what it is told about the machine by fw_cfg. */
@NullMarked
package vmm.firmware.bios;

import org.jspecify.annotations.NullMarked;
