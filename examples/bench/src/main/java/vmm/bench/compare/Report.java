package vmm.bench.compare;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import vmm.bench.Spread;

/** Prints {@link Results} for people, and as a tree for programs. */
final class Report {
    private static final String SPEED = "%-32s %26s  %43s  %6s%n";
    private static final String COSTS = "%-32s %-17s %7s %7s %8s %8s %9s %9s %7s%n";

    private final Results results;
    private final double quietBelow;

    /** Says so if others used as many processors while any row was measured. */
    Report(Results results, double quietBelow) {
        this.results = results;
        this.quietBelow = quietBelow;
    }

    String text() {
        StringBuilder text = new StringBuilder();
        text.append("Thousands of requests per second: median (least..most)\n");
        text.append(String.format(Locale.ROOT, SPEED, "row", "ours", "QEMU in its best mode", "ratio"));
        for (Row row : results.rows()) {
            text.append(String.format(
                    Locale.ROOT,
                    SPEED,
                    row.title(),
                    results.ours(row).map(ours -> speed(row, ours)).orElse("-"),
                    results.bestOther(row)
                            .map(other -> speed(row, other) + String.format(" %-16s", other.name()))
                            .orElse("-"),
                    number("%.2f", results.ratio(row))));
        }
        text.append("\nPer request: doorbell exits, interrupts, system calls, processor time of the VMM; latency;"
                + " processors that others used\n");
        text.append(String.format(
                Locale.ROOT, COSTS, "row", "VMM", "kicks", "irqs", "syscalls", "cpu us", "p50 us", "p99 us", "others"));
        for (Row row : results.rows()) {
            List<Contender> shown = new ArrayList<>();
            results.ours(row).ifPresent(shown::add);
            results.bestOther(row).ifPresent(shown::add);
            for (Contender contender : shown) {
                text.append(costs(row, contender));
            }
        }
        double others = results.rows().stream()
                .flatMap(row -> results.contenders(row).stream()
                        .map(contender ->
                                results.spread(row, contender, Sample::others).most()))
                .max(Double::compare)
                .orElse(0.0);
        if (others >= quietBelow) {
            text.append(String.format(
                    Locale.ROOT,
                    "%nOthers used up to %.2f processors in some runs; a quiet machine gives better figures.%n",
                    others));
        }
        return text.toString();
    }

    private String speed(Row row, Contender contender) {
        Spread spread = results.spread(row, contender, Sample::iops);
        return String.format(
                Locale.ROOT, "%.1f (%.1f..%.1f)", spread.median() / 1e3, spread.least() / 1e3, spread.most() / 1e3);
    }

    private String costs(Row row, Contender contender) {
        return String.format(
                Locale.ROOT,
                COSTS,
                row.title(),
                contender.name(),
                number("%.3f", results.median(row, contender, Sample::kicks)),
                number("%.3f", results.median(row, contender, Sample::interrupts)),
                number("%.3f", results.median(row, contender, Sample::systemCalls)),
                median("%.2f", row, contender, Sample::cpuMicros),
                median("%.1f", row, contender, Sample::p50Micros),
                median("%.1f", row, contender, Sample::p99Micros),
                median("%.2f", row, contender, Sample::others));
    }

    private String median(String format, Row row, Contender contender, ToDoubleFunction<Sample> figure) {
        return String.format(
                Locale.ROOT, format, results.spread(row, contender, figure).median());
    }

    private static String number(String format, Optional<Double> figure) {
        return figure.map(value -> String.format(Locale.ROOT, format, value)).orElse("-");
    }

    /** Every figure of every contender. */
    List<Map<String, Object>> tree() {
        List<Map<String, Object>> rows = new ArrayList<>();
        for (Row row : results.rows()) {
            Map<String, Object> tree = new LinkedHashMap<>();
            tree.put("row", row.title());
            results.ratio(row).ifPresent(ratio -> tree.put("ratio", ratio));
            for (Contender contender : results.contenders(row)) {
                tree.put(contender.name(), tree(row, contender));
            }
            rows.add(tree);
        }
        return rows;
    }

    private Map<String, Object> tree(Row row, Contender contender) {
        Map<String, Object> tree = new LinkedHashMap<>();
        putSpread(tree, "iops", row, contender, Sample::iops);
        putMedian(tree, "kicksPerIo", row, contender, Sample::kicks);
        putMedian(tree, "interruptsPerIo", row, contender, Sample::interrupts);
        putMedian(tree, "systemCallsPerIo", row, contender, Sample::systemCalls);
        putSpread(tree, "cpuMicrosPerIo", row, contender, Sample::cpuMicros);
        putSpread(tree, "p50Micros", row, contender, Sample::p50Micros);
        putSpread(tree, "p99Micros", row, contender, Sample::p99Micros);
        putSpread(tree, "processorsOfOthers", row, contender, Sample::others);
        return tree;
    }

    private void putSpread(
            Map<String, Object> tree, String key, Row row, Contender contender, ToDoubleFunction<Sample> figure) {
        Spread spread = results.spread(row, contender, figure);
        tree.put(key, Map.of("median", spread.median(), "least", spread.least(), "most", spread.most()));
    }

    private void putMedian(
            Map<String, Object> tree,
            String key,
            Row row,
            Contender contender,
            Function<Sample, Optional<Double>> figure) {
        results.median(row, contender, figure).ifPresent(value -> tree.put(key, value));
    }
}
