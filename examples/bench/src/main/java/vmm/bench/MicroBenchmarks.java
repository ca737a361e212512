package vmm.bench;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * Runs all benchmarks of this package and prints time, ratio to the {@link ReferenceBenchmark} and bytes allocated per
 * operation. With {@code --quick} in seconds rather than minutes.
 *
 * <p>Ends with status 1 if any operation allocates.
 */
public final class MicroBenchmarks {
    private static final String ALLOCATED = "gc.alloc.rate.norm";

    /**
     * The harness leaves some KB behind in each iteration, which the operations share. An operation that allocates
     * makes at least one object, and those have 16 bytes or more.
     */
    private static final double NOISE_BYTES = 4;

    private record Row(String name, double nanos, double bytes) {}

    private MicroBenchmarks() {}

    /** Runs the benchmarks, from the class path. */
    public static void main(String[] args) throws RunnerException {
        boolean quick = List.of(args).contains("--quick");
        List<Row> rows = new Runner(options(quick).build())
                .run().stream()
                        .map(MicroBenchmarks::row)
                        .sorted(Comparator.comparingDouble(Row::nanos))
                        .toList();
        double reference = rows.stream()
                .filter(row -> row.name.startsWith(ReferenceBenchmark.class.getSimpleName()))
                .mapToDouble(Row::nanos)
                .findFirst()
                .orElseThrow();
        print(rows, reference);
        System.exit(rows.stream().anyMatch(row -> row.bytes > NOISE_BYTES) ? 1 : 0);
    }

    private static ChainedOptionsBuilder options(boolean quick) {
        return new OptionsBuilder()
                .include(MicroBenchmarks.class.getPackageName() + "\\..*Benchmark\\..*")
                .mode(Mode.AverageTime)
                .timeUnit(TimeUnit.NANOSECONDS)
                .forks(quick ? 1 : 3)
                .warmupIterations(quick ? 3 : 5)
                .warmupTime(TimeValue.milliseconds(quick ? 300 : 1000))
                .measurementIterations(quick ? 3 : 5)
                .measurementTime(TimeValue.milliseconds(quick ? 300 : 1000))
                .jvmArgsAppend("--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow")
                .addProfiler(GCProfiler.class)
                .verbosity(VerboseMode.SILENT);
    }

    private static Row row(RunResult result) {
        Result<?> time = result.getPrimaryResult();
        Result<?> allocated = result.getSecondaryResults().get(ALLOCATED);
        if (allocated == null) {
            throw new IllegalStateException("The profiler did not say what was allocated.");
        }
        String[] name = result.getParams().getBenchmark().split("\\.", -1);
        return new Row(name[name.length - 2] + "." + name[name.length - 1], time.getScore(), allocated.getScore());
    }

    private static void print(Collection<Row> rows, double reference) {
        System.out.printf("%-34s %12s %10s %8s%n", "benchmark", "ns/op", "ratio", "B/op");
        for (Row row : rows) {
            System.out.printf(
                    Locale.ROOT, "%-34s %12.1f %10.2f %8.1f%n", row.name, row.nanos, row.nanos / reference, row.bytes);
        }
    }
}
