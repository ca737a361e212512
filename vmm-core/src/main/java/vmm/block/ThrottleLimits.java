package vmm.block;

/**
 * How much a disk, or a group of disks together, may do in a second, as in libvirt's {@code <iotune>} and by the rules
 * of QEMU: a limit for all requests excludes those for reads and writes alone.
 *
 * @param totalBytes for the bytes of reads and writes together
 * @param readBytes for the bytes of reads
 * @param writeBytes for the bytes of writes, and those that are zeroed
 * @param totalIops for the number of all requests but flushes
 * @param readIops for the number of reads
 * @param writeIops for the number of writes, discards and zeroings
 * @param bytesPerOperation a longer request counts as several, in proportion; 0 if each counts as one
 */
public record ThrottleLimits(
        Rate totalBytes,
        Rate readBytes,
        Rate writeBytes,
        Rate totalIops,
        Rate readIops,
        Rate writeIops,
        long bytesPerOperation) {
    /** The largest rate there is: 10^15, as in QEMU. */
    public static final long MAX_RATE = 1_000_000_000_000_000L;

    /** No limits. */
    public static final ThrottleLimits NONE =
            new ThrottleLimits(Rate.NONE, Rate.NONE, Rate.NONE, Rate.NONE, Rate.NONE, Rate.NONE, 0);

    /**
     * One limit.
     *
     * @param perSecond in the long run; 0 if there is no limit
     * @param burst per second, during a burst after some idleness; 0 if a burst may last a tenth of a second only
     * @param burstSeconds how long a burst may last: 1 or more
     */
    public record Rate(long perSecond, long burst, long burstSeconds) {
        /** No limit. */
        public static final Rate NONE = new Rate(0, 0, 1);

        /** A limit without bursts. */
        public static Rate of(long perSecond) {
            return new Rate(perSecond, 0, 1);
        }

        /** True if there is no limit. */
        public boolean isNone() {
            return perSecond == 0;
        }
    }

    /**
     * Checks that the limits make sense together.
     *
     * @throws IllegalArgumentException if not, with the end of a sentence in the words of libvirt that says why and
     *     what to do
     */
    public ThrottleLimits {
        check("total-bytes-sec", totalBytes);
        check("read-bytes-sec", readBytes);
        check("write-bytes-sec", writeBytes);
        check("total-iops-sec", totalIops);
        check("read-iops-sec", readIops);
        check("write-iops-sec", writeIops);
        checkTotal("bytes", totalBytes, readBytes, writeBytes);
        checkTotal("iops", totalIops, readIops, writeIops);
        if (bytesPerOperation < 0 || bytesPerOperation > MAX_RATE) {
            throw new IllegalArgumentException("size-iops-sec=" + bytesPerOperation
                    + " is not a number of bytes from 0 to " + MAX_RATE + "; change it.");
        }
        if (bytesPerOperation > 0 && totalIops.isNone() && readIops.isNone() && writeIops.isNone()) {
            throw new IllegalArgumentException(
                    "size-iops-sec= counts long requests several times, but nothing limits their number; add"
                            + " total-iops-sec=, or leave it out.");
        }
    }

    private static void check(String key, Rate rate) {
        if (rate.perSecond < 0 || rate.perSecond > MAX_RATE) {
            throw new IllegalArgumentException(
                    key + "=" + rate.perSecond + " is not a rate from 0 to " + MAX_RATE + "; change it.");
        }
        if (rate.burst < 0 || rate.burst > MAX_RATE) {
            throw new IllegalArgumentException(
                    key + "-max=" + rate.burst + " is not a rate from 0 to " + MAX_RATE + "; change it.");
        }
        if (rate.burst > 0 && rate.isNone()) {
            throw new IllegalArgumentException(
                    key + "-max= is a burst above a limit that does not exist; add " + key + "=, or leave it out.");
        }
        if (rate.burst > 0 && rate.burst < rate.perSecond) {
            throw new IllegalArgumentException(key + "-max=" + rate.burst + " is below " + key + "=" + rate.perSecond
                    + ", so it would be no burst; raise it.");
        }
        if (rate.burstSeconds < 1 || rate.burstSeconds > MAX_RATE / Math.max(rate.burst, 1)) {
            throw new IllegalArgumentException(key + "-max-length=" + rate.burstSeconds
                    + " is not a number of seconds that a burst can last; change it.");
        }
        if (rate.burstSeconds > 1 && rate.burst == 0) {
            throw new IllegalArgumentException(key + "-max-length= is the length of a burst that does not exist; add "
                    + key + "-max=, or leave it out.");
        }
    }

    private static void checkTotal(String what, Rate total, Rate read, Rate write) {
        if (!total.isNone() && (!read.isNone() || !write.isNone())) {
            String part = read.isNone() ? "write" : "read";
            throw new IllegalArgumentException("total-" + what + "-sec= and " + part + "-" + what
                    + "-sec= cannot be set at the same time; leave one out.");
        }
    }

    /** True if nothing is limited. */
    public boolean isNone() {
        return equals(NONE);
    }
}
