package vmm.bench;

import java.util.List;

/**
 * The middle of several figures, and how far they go.
 *
 * @param median half of the figures are less
 */
public record Spread(double median, double least, double most) {
    /** Of one figure at least. */
    public static Spread of(List<Double> figures) {
        List<Double> sorted = figures.stream().sorted().toList();
        int middle = sorted.size() / 2;
        double median = sorted.size() % 2 == 1 ? sorted.get(middle) : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
        return new Spread(median, sorted.getFirst(), sorted.getLast());
    }
}
