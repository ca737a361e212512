package vmm.bench;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import vmm.linux.HostException;

/**
 * What each benchmark costs as a multiple of the reference loop, which differs from machine to machine far less than
 * times do.
 *
 * @param entries by the benchmark's name
 */
record Baseline(Map<String, Entry> entries) {
    /**
     * What a new benchmark is allowed; those with system calls need more, since kernels differ more than processors.
     */
    private static final double USUAL_TOLERANCE = 1.5;

    /**
     * One benchmark.
     *
     * @param ratio its time as a multiple of the reference loop's
     * @param tolerance how many times that is still as good
     */
    record Entry(double ratio, double tolerance) {
        static Entry parse(String text) {
            String[] words = text.strip().split(" +", -1);
            if (words.length != 2) {
                throw new IllegalArgumentException("'" + text + "' is not a ratio and a tolerance");
            }
            return new Entry(Double.parseDouble(words[0]), Double.parseDouble(words[1]));
        }
    }

    /** How a benchmark is beside the baseline. */
    enum Verdict {
        /** Within the tolerance. */
        AS_GOOD,
        /** Faster by more than the tolerance: time for a new baseline. */
        BETTER,
        /** Slower by more than the tolerance. */
        WORSE,
        /** The baseline does not have it. */
        NEW;

        /** In words. */
        String text() {
            return name().toLowerCase(Locale.ROOT).replace('_', ' ');
        }
    }

    Baseline {
        entries = Map.copyOf(entries);
    }

    /**
     * Reads a file.
     *
     * @throws HostException if it is missing or no baseline
     */
    static Baseline read(Path file) {
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(file)) {
            properties.load(reader);
            Map<String, Entry> entries = new TreeMap<>();
            for (String name : properties.stringPropertyNames()) {
                entries.put(name, Entry.parse(properties.getProperty(name)));
            }
            return new Baseline(entries);
        } catch (IOException | IllegalArgumentException e) {
            throw new HostException(
                    "The baseline " + file + " cannot be read (" + e.getMessage() + "): make one with --save.", e);
        }
    }

    /** The same benchmarks with new ratios; each keeps its tolerance. */
    Baseline with(Map<String, Double> ratios) {
        Map<String, Entry> renewed = new TreeMap<>();
        ratios.forEach((name, ratio) -> {
            @Nullable Entry old = entries.get(name);
            renewed.put(name, new Entry(ratio, old == null ? USUAL_TOLERANCE : old.tolerance));
        });
        return new Baseline(renewed);
    }

    /** Writes a file that {@link #read} reads, in the order of the names. */
    void write(Path file) throws IOException {
        List<String> lines = new ArrayList<>();
        lines.add(
                "# What examples/bench/micro --check compares with. For each benchmark: its time as a multiple of the");
        lines.add("# reference loop's, and how many times that is still as good.");
        new TreeMap<>(entries)
                .forEach((name, entry) ->
                        lines.add(String.format(Locale.ROOT, "%s=%.2f %.1f", name, entry.ratio, entry.tolerance)));
        Files.write(file, lines);
    }

    /** The verdict, and what it is by. */
    String describe(String name, double ratio) {
        @Nullable Entry known = entries.get(name);
        String verdict = judge(name, ratio).text();
        return known == null
                ? verdict
                : String.format(Locale.ROOT, "%s (%.2f, times %.1f)", verdict, known.ratio, known.tolerance);
    }

    Verdict judge(String name, double ratio) {
        @Nullable Entry known = entries.get(name);
        if (known == null) {
            return Verdict.NEW;
        }
        if (ratio > known.ratio * known.tolerance) {
            return Verdict.WORSE;
        }
        return ratio < known.ratio / known.tolerance ? Verdict.BETTER : Verdict.AS_GOOD;
    }
}
