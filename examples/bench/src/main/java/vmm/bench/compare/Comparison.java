package vmm.bench.compare;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import vmm.bench.Bus;

/**
 * Runs the contenders in turns.
 *
 * @param contenders who takes part
 * @param rows what they are measured at
 * @param boots how often each of them boots
 * @param rounds how often each row is measured in one boot
 * @param quietBelow a boot is repeated, for a while, if others keep as many processors busy meanwhile
 */
record Comparison(List<Contender> contenders, List<Row> rows, int boots, int rounds, double quietBelow) {
    private static final int ATTEMPTS = 3;

    /** Who is as fast in a heat, beside the fastest in the same row, takes part in what is measured. */
    private static final double GOOD_SHARE = 0.9;

    /**
     * One boot of each mode of QEMU, which does not count: those remain that are the best in some row, or nearly so.
     * Others would take time and be in nobody's table.
     */
    Comparison afterHeats(Rig rig) throws IOException, InterruptedException {
        Results heats = new Results();
        List<Contender> modes = contenders.stream()
                .filter(contender -> contender instanceof Contender.Qemu)
                .toList();
        for (Bus bus : Bus.values()) {
            List<Row> onBus = on(bus);
            for (Contender mode : onBus.isEmpty() ? List.<Contender>of() : modes) {
                Compare.step("heat: " + bus.word() + ", " + mode.name());
                List<Sample> samples = rig.run(mode, onBus);
                for (int i = 0; i < samples.size(); i++) {
                    heats.add(onBus.get(i), mode, samples.get(i));
                }
            }
        }
        List<Contender> remaining = contenders.stream()
                .filter(contender -> !(contender instanceof Contender.Qemu)
                        || rows.stream().anyMatch(row -> heats.shareOfBest(row, contender) >= GOOD_SHARE))
                .toList();
        return new Comparison(remaining, rows, boots, rounds, quietBelow);
    }

    /** Measures every row, {@code boots} times {@code rounds} times. */
    void measure(Rig rig, Results results) throws IOException, InterruptedException {
        for (int boot = 1; boot <= boots; boot++) {
            for (Bus bus : Bus.values()) {
                List<Row> onBus = on(bus);
                for (Contender contender : onBus.isEmpty() ? List.<Contender>of() : contenders) {
                    Compare.step("boot " + boot + " of " + boots + ": " + bus.word() + ", " + contender.name());
                    List<Sample> samples = quietRun(rig, contender, onBus);
                    // Should the lab end before the table is there, these are left.
                    Compare.step(samples.stream()
                            .map(sample -> String.format(Locale.ROOT, "%.2f", sample.iops() / 1e3))
                            .collect(Collectors.joining(", ", "", " thousand a second")));
                    for (int i = 0; i < samples.size(); i++) {
                        results.add(onBus.get(i % onBus.size()), contender, samples.get(i));
                    }
                }
            }
        }
    }

    private List<Sample> quietRun(Rig rig, Contender contender, List<Row> onBus)
            throws IOException, InterruptedException {
        List<Row> all = new ArrayList<>();
        Collections.nCopies(rounds, onBus).forEach(all::addAll);
        for (int attempt = 1; ; attempt++) {
            List<Sample> samples = rig.run(contender, all);
            double others = samples.stream().mapToDouble(Sample::others).max().orElse(0);
            if (others < quietBelow || attempt == ATTEMPTS) {
                return samples;
            }
            Compare.step(String.format(Locale.ROOT, "others used %.2f processors, so once more", others));
        }
    }

    /** Runs every row once more with {@code perf} beside it. */
    void count(Rig rig, Results results) throws IOException, InterruptedException {
        for (Bus bus : Bus.values()) {
            List<Row> onBus = on(bus);
            for (Contender contender : onBus.isEmpty() ? List.<Contender>of() : contenders) {
                Compare.step("counting system calls: " + bus.word() + ", " + contender.name());
                List<Sample> samples = rig.run(contender, onBus);
                for (int i = 0; i < samples.size(); i++) {
                    results.addCounted(onBus.get(i), contender, samples.get(i));
                }
            }
        }
    }

    private List<Row> on(Bus bus) {
        return rows.stream().filter(row -> row.bus() == bus).toList();
    }
}
