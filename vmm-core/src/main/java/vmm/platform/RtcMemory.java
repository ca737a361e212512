package vmm.platform;

/**
 * What the battery of an {@link Rtc} keeps while its machine is reset: the memory, and by how much the guest has set
 * the clock. It belongs to one clock at a time.
 */
public final class RtcMemory {
    /** The time and alarm registers are up to date in it while the clock is stopped. */
    final byte[] cmos = new byte[Rtc.MEMORY_SIZE];

    /** The guest's time less the host's, in seconds. */
    long offset;

    /** That of a new machine, whose clock is right. */
    public RtcMemory() {
        cmos[Rtc.REGISTER_A] = Rtc.A_32768_HZ_1024_HZ;
        cmos[Rtc.REGISTER_B] = Rtc.B_24_HOURS;
    }
}
