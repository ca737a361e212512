package vmm.launcher;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import vmm.block.ThrottleLimits;
import vmm.block.ThrottleLimits.Rate;
import vmm.machine.ConfigurationException;
import vmm.machine.DiskLimits;

/** Reads the limits of a disk, whose keys are libvirt's names with dashes. */
final class ThrottleOptions {
    private static final List<String> BYTES = List.of("total-bytes-sec", "read-bytes-sec", "write-bytes-sec");
    private static final List<String> OPERATIONS = List.of("total-iops-sec", "read-iops-sec", "write-iops-sec");
    private static final String MAX = "-max";
    private static final String MAX_LENGTH = "-max-length";
    private static final String SIZE = "size-iops-sec";
    private static final String GROUP = "group-name";

    /** The keys that this class knows. */
    static final List<String> KEYS = keys();

    private ThrottleOptions() {}

    private static List<String> keys() {
        List<String> keys = new ArrayList<>();
        for (String rate : Stream.concat(BYTES.stream(), OPERATIONS.stream()).toList()) {
            keys.addAll(List.of(rate, rate + MAX, rate + MAX_LENGTH));
        }
        keys.addAll(List.of(SIZE, GROUP));
        return List.copyOf(keys);
    }

    /**
     * The limits that {@code values} have.
     *
     * @param text all of the option, for sentences
     * @throws ConfigurationException if they make no sense
     */
    static DiskLimits parse(String text, KeyValues values) {
        try {
            return new DiskLimits(
                    values.get(GROUP),
                    new ThrottleLimits(
                            rate(values, "total-bytes-sec"),
                            rate(values, "read-bytes-sec"),
                            rate(values, "write-bytes-sec"),
                            rate(values, "total-iops-sec"),
                            rate(values, "read-iops-sec"),
                            rate(values, "write-iops-sec"),
                            values.size(SIZE).orElse(0)));
        } catch (IllegalArgumentException senseless) {
            throw new ConfigurationException("--disk " + text + ": " + senseless.getMessage());
        }
    }

    /** The limits as the user would write them, those that are not set left out. */
    static Map<String, Object> words(DiskLimits disk) {
        ThrottleLimits limits = disk.limits();
        Map<String, Object> words = new LinkedHashMap<>();
        List<Rate> bytes = List.of(limits.totalBytes(), limits.readBytes(), limits.writeBytes());
        List<Rate> operations = List.of(limits.totalIops(), limits.readIops(), limits.writeIops());
        for (int i = 0; i < bytes.size(); i++) {
            put(words, BYTES.get(i), bytes.get(i));
            put(words, OPERATIONS.get(i), operations.get(i));
        }
        if (limits.bytesPerOperation() > 0) {
            words.put(SIZE, limits.bytesPerOperation());
        }
        disk.group().ifPresent(group -> words.put(GROUP, group));
        return words;
    }

    private static void put(Map<String, Object> words, String key, Rate rate) {
        if (rate.isNone()) {
            return;
        }
        words.put(key, rate.perSecond());
        if (rate.burst() > 0) {
            words.put(key + MAX, rate.burst());
            words.put(key + MAX_LENGTH, rate.burstSeconds());
        }
    }

    private static Rate rate(KeyValues values, String key) {
        boolean bytes = BYTES.contains(key);
        return new Rate(
                (bytes ? values.size(key) : values.longNumber(key)).orElse(0),
                (bytes ? values.size(key + MAX) : values.longNumber(key + MAX)).orElse(0),
                values.longNumber(key + MAX_LENGTH).orElse(1));
    }
}
