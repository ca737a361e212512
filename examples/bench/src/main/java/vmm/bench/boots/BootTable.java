package vmm.bench.boots;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import vmm.bench.Spread;

/** Every boot, and the table of them. */
final class BootTable {
    private static final String FORMAT = "%-26s %20s %20s %6s   %20s %20s %6s %5s%n";

    private final Map<BootRow, Map<Starter, List<BootRun.Boot>>> boots = new LinkedHashMap<>();

    void add(BootRow row, Starter starter, BootRun.Boot boot) {
        boots.computeIfAbsent(row, key -> new EnumMap<>(Starter.class))
                .computeIfAbsent(starter, key -> new ArrayList<>())
                .add(boot);
    }

    /** Whether each boot came to a login. */
    boolean isComplete() {
        return boots.values().stream()
                .flatMap(row -> row.values().stream())
                .flatMap(List::stream)
                .allMatch(boot -> boot.login().isPresent());
    }

    String text() {
        StringBuilder text = new StringBuilder();
        text.append("Seconds from the start of the VMM to the loader's first word, and until somebody may log in:\n")
                .append(
                        "median (least..most), and ours / QEMU. Lost: boots that had to be repeated, ours and QEMU's.\n\n");
        text.append(String.format(
                Locale.ROOT, FORMAT, "row", "loader: ours", "QEMU", "ratio", "login: ours", "QEMU", "ratio", "lost"));
        for (BootRow row : boots.keySet()) {
            text.append(String.format(
                    Locale.ROOT,
                    FORMAT,
                    row.title(),
                    words(row, Starter.OURS, BootRun.Boot::loader),
                    words(row, Starter.QEMU, BootRun.Boot::loader),
                    ratio(row, BootRun.Boot::loader).map(BootTable::number).orElse("-"),
                    words(row, Starter.OURS, BootRun.Boot::login),
                    words(row, Starter.QEMU, BootRun.Boot::login),
                    ratio(row, BootRun.Boot::login).map(BootTable::number).orElse("-"),
                    lost(row, Starter.OURS) + "+" + lost(row, Starter.QEMU)));
        }
        return text.toString();
    }

    private String words(BootRow row, Starter starter, Function<BootRun.Boot, Optional<Double>> figure) {
        return spread(row, starter, figure)
                .map(spread ->
                        String.format(Locale.ROOT, "%.1f (%.1f..%.1f)", spread.median(), spread.least(), spread.most()))
                .orElse("-");
    }

    private static String number(double figure) {
        return String.format(Locale.ROOT, "%.2f", figure);
    }

    private List<BootRun.Boot> of(BootRow row, Starter starter) {
        return boots.getOrDefault(row, Map.of()).getOrDefault(starter, List.of());
    }

    private Optional<Spread> spread(BootRow row, Starter starter, Function<BootRun.Boot, Optional<Double>> figure) {
        List<Double> figures = of(row, starter).stream()
                .flatMap(boot -> figure.apply(boot).stream())
                .toList();
        return figures.isEmpty() ? Optional.empty() : Optional.of(Spread.of(figures));
    }

    private Optional<Double> ratio(BootRow row, Function<BootRun.Boot, Optional<Double>> figure) {
        return spread(row, Starter.OURS, figure)
                .flatMap(ours -> spread(row, Starter.QEMU, figure).map(qemu -> ours.median() / qemu.median()));
    }

    private int lost(BootRow row, Starter starter) {
        return of(row, starter).stream().mapToInt(BootRun.Boot::lost).sum();
    }

    /** Every figure. */
    List<Map<String, Object>> tree() {
        List<Map<String, Object>> rows = new ArrayList<>();
        for (BootRow row : boots.keySet()) {
            Map<String, Object> tree = new LinkedHashMap<>();
            tree.put("firmware", row.firmware().name().toLowerCase(Locale.ROOT));
            tree.put("virtio", row.virtio().word());
            tree.put("bus", row.bus().word());
            for (Starter starter : Starter.values()) {
                if (!of(row, starter).isEmpty()) {
                    tree.put(starter.title(), tree(row, starter));
                }
            }
            ratio(row, BootRun.Boot::loader).ifPresent(ratio -> tree.put("loaderRatio", ratio));
            ratio(row, BootRun.Boot::login).ifPresent(ratio -> tree.put("loginRatio", ratio));
            rows.add(tree);
        }
        return rows;
    }

    private Map<String, Object> tree(BootRow row, Starter starter) {
        Map<String, Object> tree = new LinkedHashMap<>();
        spread(row, starter, BootRun.Boot::loader).ifPresent(spread -> tree.put("loaderSeconds", spread));
        spread(row, starter, BootRun.Boot::login).ifPresent(spread -> tree.put("loginSeconds", spread));
        tree.put("boots", of(row, starter).size());
        tree.put("lost", lost(row, starter));
        return tree;
    }
}
