package vmm.machine;

import vmm.platform.RtcMemory;

/**
 * What a reset of a machine leaves as it is.
 *
 * @param disks what its disks are made of
 * @param console where its serial port leads
 * @param clock what its clock's battery keeps
 */
record Lasting(OpenDisks disks, Console console, RtcMemory clock) {}
