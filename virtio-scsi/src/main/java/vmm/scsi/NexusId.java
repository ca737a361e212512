package vmm.scsi;

/**
 * The name of an I_T nexus (SAM-5) that outlives it: of two that meet at different times, the same name means the same
 * initiator port and the same target port.
 *
 * @param initiatorPort the initiator port
 * @param targetPort the RELATIVE TARGET PORT IDENTIFIER (SPC-5) of the target port, 1 to 65535
 */
public record NexusId(TransportId initiatorPort, int targetPort) {
    /**
     * Checks the range.
     *
     * @throws IllegalArgumentException if the target port has no valid identifier
     */
    public NexusId {
        if (targetPort < 1 || targetPort > 0xffff) {
            throw new IllegalArgumentException(
                    "A relative target port identifier is 1 to 65535, not " + targetPort + ".");
        }
    }

    /** The nexus of the same initiator port and another target port. */
    public NexusId through(int otherTargetPort) {
        return new NexusId(initiatorPort, otherTargetPort);
    }
}
