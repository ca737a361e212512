package vmm.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
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
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import vmm.linux.HostException;

/** {@code examples/bench/micro}: what single steps of the data path cost. */
@Command(
        name = "micro",
        mixinStandardHelpOptions = true,
        usageHelpAutoWidth = true,
        description = {
            "Runs all micro-benchmarks and prints for each the time of its best iteration, that as a multiple of the"
                    + " reference loop's, and the bytes it allocates.",
            "Ends with status 1 if an operation allocates, or is worse than the baseline in a check."
        },
        footer = {"", "Example:", "  examples/bench/micro --quick --check"})
public final class MicroBenchmarks implements Callable<Integer> {
    private static final String ALLOCATED = "gc.alloc.rate.norm";

    /**
     * The harness leaves some KB behind in each iteration, which the operations share. An operation that allocates
     * makes at least one object, and those have 16 bytes or more.
     */
    private static final double NOISE_BYTES = 4;

    private record Row(String name, double nanos, double bytes) {
        boolean isReference() {
            return name.startsWith(ReferenceBenchmark.class.getSimpleName());
        }
    }

    @Option(names = "--quick", description = "In half a minute instead of some, and less exactly.")
    private boolean quick;

    @Option(names = "--check", description = "Compares with the baseline and says what is worse.")
    private boolean check;

    @Option(names = "--save", description = "Makes this run the baseline.")
    private boolean save;

    @Option(
            names = "--baseline",
            paramLabel = "FILE",
            description = "Where that is (examples/bench/micro.baseline if left out).")
    private @Nullable Path baselineFile;

    /** Runs the command line, from the class path. */
    public static void main(String[] args) {
        CommandLine line = new CommandLine(new MicroBenchmarks());
        line.setExecutionExceptionHandler((trouble, command, result) -> {
            if (!(trouble instanceof HostException)) {
                throw trouble;
            }
            System.err.println("vmm: " + trouble.getMessage());
            return 1;
        });
        System.exit(line.execute(args));
    }

    @Override
    public Integer call() throws RunnerException, IOException {
        Optional<Baseline> baseline = check ? Optional.of(Baseline.read(baselineFile())) : Optional.empty();
        List<Row> rows = new Runner(options().build())
                .run().stream()
                        .map(MicroBenchmarks::row)
                        .sorted(Comparator.comparingDouble(Row::nanos))
                        .toList();
        double reference = rows.stream()
                .filter(Row::isReference)
                .mapToDouble(Row::nanos)
                .findFirst()
                .orElseThrow();
        if (save) {
            Map<String, Double> ratios = rows.stream()
                    .filter(row -> !row.isReference())
                    .collect(Collectors.toMap(Row::name, row -> row.nanos / reference));
            Baseline old = Files.exists(baselineFile()) ? Baseline.read(baselineFile()) : new Baseline(Map.of());
            old.with(ratios).write(baselineFile());
        }
        print(rows, reference, baseline);
        return isGood(rows, reference, baseline) ? 0 : 1;
    }

    private Path baselineFile() {
        if (baselineFile != null) {
            return baselineFile;
        }
        @Nullable String home = System.getProperty("vmm.home");
        if (home == null) {
            throw new HostException("The property vmm.home is missing; start this as examples/bench/micro.");
        }
        return Path.of(home, "examples", "bench", "micro.baseline");
    }

    private ChainedOptionsBuilder options() {
        return new OptionsBuilder()
                .include(MicroBenchmarks.class.getPackageName() + "\\..*Benchmark\\..*")
                .mode(Mode.AverageTime)
                .timeUnit(TimeUnit.NANOSECONDS)
                .forks(quick ? 1 : 3)
                .warmupIterations(quick ? 3 : 5)
                .warmupTime(TimeValue.milliseconds(quick ? 300 : 1000))
                .measurementIterations(5)
                .measurementTime(TimeValue.milliseconds(quick ? 200 : 1000))
                .jvmArgsAppend("--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow")
                .addProfiler(GCProfiler.class)
                .verbosity(VerboseMode.SILENT);
    }

    /** Of the best iteration, which other programs have disturbed least. */
    private static Row row(RunResult result) {
        Result<?> time = result.getPrimaryResult();
        Result<?> allocated = result.getSecondaryResults().get(ALLOCATED);
        if (allocated == null) {
            throw new IllegalStateException("The profiler did not say what was allocated.");
        }
        String[] name = result.getParams().getBenchmark().split("\\.", -1);
        return new Row(
                name[name.length - 2] + "." + name[name.length - 1],
                time.getStatistics().getMin(),
                allocated.getStatistics().getMin());
    }

    private static void print(List<Row> rows, double reference, Optional<Baseline> baseline) {
        System.out.printf("%-34s %12s %10s %8s%n", "benchmark", "ns/op", "ratio", "B/op");
        for (Row row : rows) {
            double ratio = row.nanos / reference;
            String verdict = baseline.filter(known -> !row.isReference())
                    .map(known -> "  " + known.describe(row.name, ratio))
                    .orElse("");
            System.out.printf(
                    Locale.ROOT, "%-34s %12.1f %10.2f %8.1f%s%n", row.name, row.nanos, ratio, row.bytes, verdict);
        }
    }

    private static boolean isGood(List<Row> rows, double reference, Optional<Baseline> baseline) {
        boolean good = true;
        for (Row row : rows) {
            double ratio = row.nanos / reference;
            if (row.bytes > NOISE_BYTES) {
                System.out.printf(Locale.ROOT, "%s allocates %.0f bytes.%n", row.name, row.bytes);
                good = false;
            }
            boolean worse = baseline.map(known -> known.judge(row.name, ratio) == Baseline.Verdict.WORSE)
                    .orElse(false);
            if (worse) {
                System.out.printf("%s is worse than the baseline allows.%n", row.name);
                good = false;
            }
        }
        return good;
    }
}
