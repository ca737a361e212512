package vmm.bench.hotplug;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** All turns and limits, and the tables of them. */
final class HotplugTable {
    private static final String FORMAT = "%-16s %-7s %6s  %24s  %24s%n";

    private final Map<Vmm, List<Boot.Outcome>> outcomes = new EnumMap<>(Vmm.class);
    private final Map<Vmm, Map<String, Limits.Limit>> limits = new EnumMap<>(Vmm.class);

    void add(Vmm vmm, Boot.Outcome outcome) {
        outcomes.computeIfAbsent(vmm, key -> new ArrayList<>()).add(outcome);
    }

    void add(Vmm vmm, Map<String, Limits.Limit> reached) {
        limits.put(vmm, reached);
    }

    /** A boot in a line. */
    static String words(Boot.Outcome outcome) {
        StringBuilder words = new StringBuilder();
        outcome.turns()
                .forEach((level, turns) -> words.append(turns.size())
                        .append(" x ")
                        .append(level.title())
                        .append(", "));
        words.append("rounds of fio on other disks: ").append(outcome.rounds());
        outcome.before()
                .ifPresent(before -> outcome.after()
                        .ifPresent(after ->
                                words.append("; at the start and end threads %d, %d, files %d, %d, heap %d, %d KiB"
                                        .formatted(
                                                before.threads(),
                                                after.threads(),
                                                before.files(),
                                                after.files(),
                                                before.heapBytes() >> 10,
                                                after.heapBytes() >> 10))));
        return words.toString();
    }

    private List<Turn> turns(Vmm vmm, Level level) {
        return outcomes.getOrDefault(vmm, List.of()).stream()
                .flatMap(outcome -> outcome.turns().getOrDefault(level, List.of()).stream())
                .toList();
    }

    /** Of one figure at least. */
    private static double quantile(List<Double> figures, double share) {
        List<Double> sorted = figures.stream().sorted().toList();
        return sorted.get((int) Math.min(sorted.size() - 1, Math.floor(sorted.size() * share)));
    }

    String text() {
        StringBuilder text = new StringBuilder();
        text.append(
                        "Milliseconds from the command to a node that has been read, and to DEVICE_DELETED: median, p99.\n\n")
                .append(String.format(Locale.ROOT, FORMAT, "", "", "turns", "plugged", "unplugged"));
        for (Level level : Level.values()) {
            for (Vmm vmm : outcomes.keySet()) {
                List<Turn> turns = turns(vmm, level);
                if (!turns.isEmpty()) {
                    text.append(String.format(
                            Locale.ROOT,
                            FORMAT,
                            level.title(),
                            vmm.title(),
                            turns.size(),
                            figures(turns, Turn::plugMillis),
                            figures(turns, Turn::unplugMillis)));
                }
            }
        }
        if (!limits.isEmpty()) {
            text.append("\nDisks until the VMM says no:\n\n");
        }
        limits.forEach((vmm, reached) -> reached.forEach((what, limit) -> text.append(String.format(
                Locale.ROOT, "%-33s %-5s %6d  %s%n", what, vmm.title(), limit.disks(), limit.refusal()))));
        return text.toString();
    }

    private static String figures(List<Turn> turns, ToDoubleFunction<Turn> figure) {
        List<Double> figures =
                turns.stream().map(turn -> figure.applyAsDouble(turn)).toList();
        return String.format(Locale.ROOT, "%.1f  %.1f", quantile(figures, 0.5), quantile(figures, 0.99));
    }

    /** Every figure. */
    Map<String, Object> tree() {
        Map<String, Object> tree = new LinkedHashMap<>();
        outcomes.forEach((vmm, boots) -> tree.put(vmm.title(), boots));
        tree.put("limits", limits);
        return tree;
    }
}
