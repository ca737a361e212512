package vmm.platform;

/** Where the bytes go that a guest sends on a serial port. */
@FunctionalInterface
public interface SerialSink {
    /** Takes everything and keeps nothing. */
    SerialSink DISCARD = (data, length) -> {};

    /**
     * Takes {@code length} bytes from the start of {@code data}, which is the caller's again on return.
     *
     * <p>Called by a vCPU thread, by one at a time for each port and with no lock held. A sink that waits holds up that
     * vCPU only, and the guest sees a transmitter that is busy.
     */
    void write(byte[] data, int length);
}
