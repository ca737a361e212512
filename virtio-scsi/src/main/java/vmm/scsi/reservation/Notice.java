package vmm.scsi.reservation;

import vmm.scsi.NexusId;

/**
 * An event for one nexus.
 *
 * @param version the {@link ReservationState#version} that came with it
 * @param nexus who is to be told
 * @param event what happened
 */
public record Notice(long version, NexusId nexus, ReservationEvent event) {}
