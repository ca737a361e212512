package vmm.iscsi;

/**
 * What an initiator and the target have agreed on for a session (RFC 7143 13). Lengths are in bytes.
 *
 * @param initiatorName who the initiator is
 * @param isid the initiator's part of the session's identifier, 48 bits
 * @param discovery true if it wants to hear of targets and nothing else
 * @param digests what guards the PDUs
 * @param maxSendDataSegmentLength the longest data segment that the initiator takes
 * @param maxBurstLength the most data of one answered R2T, and of one sequence of data-in
 * @param firstBurstLength the most data that come unsolicited with one command
 * @param initialR2t true if data that are not immediate have to be solicited
 * @param immediateData true if data may come with the command
 */
record SessionParameters(
        String initiatorName,
        long isid,
        boolean discovery,
        Digests digests,
        int maxSendDataSegmentLength,
        int maxBurstLength,
        int firstBurstLength,
        boolean initialR2t,
        boolean immediateData) {}
