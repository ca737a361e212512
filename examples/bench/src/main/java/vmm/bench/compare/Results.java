package vmm.bench.compare;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;
import vmm.bench.Spread;

/** Every sample of a comparison, by row and contender. */
final class Results {
    private final Map<Row, Map<Contender, List<Sample>>> samples = new LinkedHashMap<>();
    private final Map<Row, Map<Contender, Sample>> counted = new LinkedHashMap<>();

    void add(Row row, Contender contender, Sample sample) {
        samples.computeIfAbsent(row, key -> new LinkedHashMap<>())
                .computeIfAbsent(contender, key -> new ArrayList<>())
                .add(sample);
    }

    /** A sample in which the kernel's work was counted, and nothing else should be believed. */
    void addCounted(Row row, Contender contender, Sample sample) {
        counted.computeIfAbsent(row, key -> new LinkedHashMap<>()).put(contender, sample);
    }

    List<Row> rows() {
        return List.copyOf(samples.keySet());
    }

    List<Contender> contenders(Row row) {
        return List.copyOf(of(row).keySet());
    }

    private Map<Contender, List<Sample>> of(Row row) {
        return samples.getOrDefault(row, Map.of());
    }

    Spread spread(Row row, Contender contender, ToDoubleFunction<Sample> figure) {
        return Spread.of(of(row).getOrDefault(contender, List.of()).stream()
                .map(figure::applyAsDouble)
                .toList());
    }

    /** The median of what not every sample has, or what it was when the kernel's work was counted. */
    Optional<Double> median(Row row, Contender contender, Function<Sample, Optional<Double>> figure) {
        List<Double> figures = of(row).getOrDefault(contender, List.of()).stream()
                .flatMap(sample -> figure.apply(sample).stream())
                .toList();
        if (!figures.isEmpty()) {
            return Optional.of(Spread.of(figures).median());
        }
        @Nullable Sample sample = counted.getOrDefault(row, Map.of()).get(contender);
        return sample == null ? Optional.empty() : figure.apply(sample);
    }

    Optional<Contender> ours(Row row) {
        return of(row).keySet().stream()
                .filter(contender -> contender instanceof Contender.Ours)
                .findFirst();
    }

    /** QEMU in the mode that is best in this row. */
    Optional<Contender> bestOther(Row row) {
        return of(row).keySet().stream()
                .filter(contender -> !(contender instanceof Contender.Ours))
                .max(Comparator.comparingDouble(
                        contender -> spread(row, contender, Sample::iops).median()));
    }

    /** How fast a mode of QEMU is beside the best of them. */
    double shareOfBest(Row row, Contender mode) {
        return bestOther(row)
                .map(best -> spread(row, mode, Sample::iops).median()
                        / spread(row, best, Sample::iops).median())
                .orElse(0.0);
    }

    /** How many times as fast as the best of the others ours is. */
    Optional<Double> ratio(Row row) {
        Optional<Contender> ours = ours(row);
        Optional<Contender> other = bestOther(row);
        if (ours.isEmpty() || other.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(spread(row, ours.get(), Sample::iops).median()
                / spread(row, other.get(), Sample::iops).median());
    }
}
