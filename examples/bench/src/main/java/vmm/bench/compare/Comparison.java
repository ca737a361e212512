package vmm.bench.compare;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

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

    /** Measures every row, {@code boots} times {@code rounds} times. */
    void measure(GuestRun run, Results results) throws IOException, InterruptedException {
        for (int boot = 1; boot <= boots; boot++) {
            for (Row.Bus bus : Row.Bus.values()) {
                List<Row> onBus = on(bus);
                for (Contender contender : onBus.isEmpty() ? List.<Contender>of() : contenders) {
                    Compare.step("boot " + boot + " of " + boots + ": " + bus.word() + ", " + contender.name());
                    List<Sample> samples = quietRun(run, contender, onBus);
                    for (int i = 0; i < samples.size(); i++) {
                        results.add(onBus.get(i % onBus.size()), contender, samples.get(i));
                    }
                }
            }
        }
    }

    private List<Sample> quietRun(GuestRun run, Contender contender, List<Row> onBus)
            throws IOException, InterruptedException {
        List<Row> all = new ArrayList<>();
        Collections.nCopies(rounds, onBus).forEach(all::addAll);
        for (int attempt = 1; ; attempt++) {
            List<Sample> samples = run.run(contender, all);
            double others = samples.stream().mapToDouble(Sample::others).max().orElse(0);
            if (others < quietBelow || attempt == ATTEMPTS) {
                return samples;
            }
            Compare.step(String.format(Locale.ROOT, "others used %.2f processors, so once more", others));
        }
    }

    /** Runs every row once more with {@code perf} beside it. */
    void count(GuestRun run, Results results) throws IOException, InterruptedException {
        for (Row.Bus bus : Row.Bus.values()) {
            List<Row> onBus = on(bus);
            for (Contender contender : onBus.isEmpty() ? List.<Contender>of() : contenders) {
                Compare.step("counting system calls: " + bus.word() + ", " + contender.name());
                List<Sample> samples = run.run(contender, onBus);
                for (int i = 0; i < samples.size(); i++) {
                    results.addCounted(onBus.get(i), contender, samples.get(i));
                }
            }
        }
    }

    private List<Row> on(Row.Bus bus) {
        return rows.stream().filter(row -> row.bus() == bus).toList();
    }
}
