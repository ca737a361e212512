package vmm.iscsi;

/** Where a session's PDUs go. Loop thread only. */
interface Output {
    /** Sends a PDU after those before it. Its data must stay as they are until they have been written. */
    void send(Pdu pdu);

    /** Ends the connection when all has been sent. */
    void finish();

    /** What an initiator connects to, as the value of TargetAddress (RFC 7143 13.8). */
    String portal();
}
