package vmm.machine;

import java.util.Optional;
import vmm.firmware.bios.Firmware;
import vmm.platform.RtcMemory;

/**
 * What a reset of a machine leaves as it is.
 *
 * @param disks what its disks are made of
 * @param firmware what {@link Boot.Firmware} names, with the variables that it keeps
 * @param console where its serial port leads
 * @param clock what its clock's battery keeps
 */
record Lasting(OpenDisks disks, Optional<Firmware> firmware, Console console, RtcMemory clock) {}
