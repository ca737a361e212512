package vmm.bench.compare;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import vmm.guests.BuiltinGuest;
import vmm.linux.HostException;

/** {@code examples/bench/compare}: how fast this VMM's disks are beside QEMU's. */
@Command(
        name = "compare",
        mixinStandardHelpOptions = true,
        usageHelpAutoWidth = true,
        description = {
            "Measures the virtio disks of this VMM beside those of QEMU, on this machine's KVM, with a bare-metal guest"
                    + " that polls from CPL 3: the same guest, the same image, one I/O thread each, in turns.",
            "Prints the medians of all runs, and of QEMU the mode that is best in each row."
        },
        footer = {
            "",
            "Examples:",
            "  examples/bench/compare",
            "  examples/bench/compare --runs 1 --rows 'blk.*randread' --qemu native",
            "  examples/bench/compare --ours-only --rows 'blk.*qd 32' --disk-options ,aio=io_uring"
        })
public final class Compare implements Callable<Integer> {
    @Option(names = "--runs", paramLabel = "N", description = "How many runs of each VMM (5 if left out).")
    private int runs = 5;

    @Option(names = "--seconds", paramLabel = "S", description = "How long each row is measured (1 if left out).")
    private double seconds = 1;

    @Option(names = "--warm-up", paramLabel = "S", description = "How long each row runs before (0.5 if left out).")
    private double warmUp = 0.5;

    @Option(names = "--rows", paramLabel = "REGEX", description = "Only the rows of which a part matches.")
    private Pattern rows = Pattern.compile("");

    @Option(
            names = "--qemu",
            split = ",",
            paramLabel = "MODE",
            description = "QEMU's modes: native, io_uring, threads (all if left out).")
    private Contender.Qemu.Aio[] modes = Contender.Qemu.Aio.values();

    @Option(names = "--ours-only", description = "Without QEMU.")
    private boolean oursOnly;

    @Option(names = "--disk-options", paramLabel = ",KEY=VALUE...", description = "More for our --disk.")
    private String diskOptions = "";

    @Option(
            names = "--prefix",
            paramLabel = "WORDS",
            description = "Put before each VMM's command line; it has to exec the VMM, as taskset -c 2,3 does.")
    private String prefix = "";

    @Option(
            names = "--first",
            description = "Runs the VMMs before all other programs (nice -20, for this session's group too), if root.")
    private boolean first;

    @Option(
            names = "--quiet-below",
            paramLabel = "N",
            description = "A run is repeated, twice at most, if others use as many processors (0.2 if left out).")
    private double quietBelow = 0.2;

    @Option(names = "--no-counts", description = "Does not count system calls and interrupts.")
    private boolean noCounts;

    @Option(names = "--directory", paramLabel = "DIR", description = "Where the image is (/dev/shm if left out).")
    private Path directory = Path.of("/dev/shm");

    @Option(names = "--size", paramLabel = "MIB", description = "The image's size (512 if left out).")
    private long size = 512;

    @Option(names = "--json", description = "Prints the figures as JSON.")
    private boolean json;

    private static final int ATTEMPTS = 3;

    private int measured;
    private int disturbed;
    private double mostOthers;

    /** Runs the command line. */
    public static void main(String[] args) {
        CommandLine line = new CommandLine(new Compare());
        line.setCaseInsensitiveEnumValuesAllowed(true);
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
    public Integer call() throws IOException, InterruptedException {
        List<Row> chosen = Row.all().stream()
                .filter(row -> rows.matcher(row.title()).find())
                .toList();
        if (chosen.isEmpty()) {
            throw new HostException("No row matches --rows " + rows + "; the rows are "
                    + String.join(", ", Row.all().stream().map(Row::title).toList()) + ".");
        }
        Results results = new Results();
        try (Precedence precedence = first ? Precedence.take() : Precedence.none();
                Image image = Image.create(directory, size)) {
            List<String> words = new ArrayList<>(precedence.prefix());
            if (!prefix.isBlank()) {
                words.addAll(List.of(prefix.strip().split(" +", -1)));
            }
            Path guest = BuiltinGuest.LOAD.extract(image.folder());
            LoadRun timed = new LoadRun(guest, image.file(), words, warmUp, seconds, false);
            LoadRun counted = new LoadRun(guest, image.file(), words, warmUp, seconds, true);
            for (int run = 1; run <= runs; run++) {
                measure(timed, run, chosen, results);
            }
            if (!noCounts) {
                count(counted, chosen, results);
            }
        }
        print(results);
        return 0;
    }

    private List<Contender> contenders() {
        List<Contender> contenders = new ArrayList<>();
        contenders.add(new Contender.Ours(vmm(), diskOptions));
        if (!oursOnly) {
            Arrays.stream(modes).distinct().map(Contender.Qemu::new).forEach(contenders::add);
        }
        return contenders;
    }

    private static Path vmm() {
        @Nullable String home = System.getProperty("vmm.home");
        if (home == null) {
            throw new HostException("The property vmm.home is missing; start this as examples/bench/compare.");
        }
        return Path.of(home, "vmm");
    }

    private void measure(LoadRun load, int run, List<Row> chosen, Results results)
            throws IOException, InterruptedException {
        for (Row.Bus bus : Row.Bus.values()) {
            List<Row> onBus = chosen.stream().filter(row -> row.bus() == bus).toList();
            if (onBus.isEmpty()) {
                continue;
            }
            for (Contender contender : contenders()) {
                step("run " + run + " of " + runs + ": " + bus.word() + ", " + contender.name());
                List<Sample> samples = quietRun(load, contender, bus, onBus);
                for (int i = 0; i < samples.size(); i++) {
                    results.add(onBus.get(i), contender, samples.get(i));
                }
            }
        }
    }

    /** Repeats a run that others disturbed, for a while. */
    private List<Sample> quietRun(LoadRun load, Contender contender, Row.Bus bus, List<Row> onBus)
            throws IOException, InterruptedException {
        for (int attempt = 1; ; attempt++) {
            List<Sample> samples = load.run(contender, bus, onBus);
            double others = samples.stream().mapToDouble(Sample::others).max().orElse(0);
            if (others < quietBelow || attempt == ATTEMPTS) {
                measured += samples.size();
                disturbed += (int) samples.stream()
                        .filter(sample -> sample.others() >= quietBelow)
                        .count();
                mostOthers = Math.max(mostOthers, others);
                return samples;
            }
            step(String.format("others used %.2f processors, so once more", others));
        }
    }

    private void count(LoadRun load, List<Row> chosen, Results results) throws IOException, InterruptedException {
        for (Row.Bus bus : Row.Bus.values()) {
            List<Row> onBus = chosen.stream().filter(row -> row.bus() == bus).toList();
            for (Contender contender : onBus.isEmpty() ? List.<Contender>of() : contenders()) {
                step("counting system calls: " + bus.word() + ", " + contender.name());
                List<Sample> samples = load.run(contender, bus, onBus);
                for (int i = 0; i < samples.size(); i++) {
                    results.addCounted(onBus.get(i), contender, samples.get(i));
                }
            }
        }
    }

    private void print(Results results) {
        Report report = new Report(results);
        if (json) {
            Map<String, Object> tree = new LinkedHashMap<>();
            tree.put("guest", "bare metal, CPL 3, polling");
            tree.put("runs", runs);
            tree.put("seconds", seconds);
            tree.put("disturbed", disturbed);
            tree.put("measured", measured);
            tree.put("rows", report.tree());
            System.out.println(JsonMapper.builder()
                    .enable(SerializationFeature.INDENT_OUTPUT)
                    .build()
                    .writeValueAsString(tree));
        } else {
            System.out.print(report.text());
        }
        if (disturbed > 0) {
            System.err.printf(
                    "vmm: others used up to %.2f processors in %d of %d measurements; a quiet machine gives better"
                            + " figures.%n",
                    mostOthers, disturbed, measured);
        }
    }

    private static void step(String what) {
        System.err.println("vmm: " + what);
    }
}
