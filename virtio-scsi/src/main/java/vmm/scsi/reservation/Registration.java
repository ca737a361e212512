package vmm.scsi.reservation;

import vmm.scsi.NexusId;

/**
 * An I_T nexus that is registered (SPC-5, registering).
 *
 * @param nexus who
 * @param key the reservation key, never 0
 */
public record Registration(NexusId nexus, long key) {}
