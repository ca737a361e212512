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
            "Measures the virtio disks of this VMM beside those of QEMU: the same guest, the same image, one I/O thread"
                    + " each, in turns. The guest is a bare-metal one that polls, or Linux with fio.",
            "QEMU has several ways to read a file, and each of them several tunings. All of these run once; those that"
                    + " are the best in some row, or nearly so, then run in turns with this VMM, which has none.",
            "Prints the medians of all runs, and of QEMU the mode that is best in each row."
        },
        footer = {
            "",
            "Examples:",
            "  examples/bench/compare",
            "  examples/bench/compare --runs 1 --rows 'blk.*randread' --qemu native",
            "  examples/bench/compare --ours-only --rows 'blk.*qd 32' --disk-options ,aio=io_uring",
            "  examples/bench/compare --linux --rows blk"
        })
public final class Compare implements Callable<Integer> {
    /** So few may take part as they are, ours among them. */
    private static final int MOST_WITHOUT_HEATS = 4;

    @Option(
            names = {"--linux", "--lab"},
            description = "The guest is Linux with fio; in the nested lab, unless KVM is fast here.")
    private boolean linux;

    @Option(names = "--linux-files", arity = "2", hidden = true, description = "The kernel and the initial RAM disk.")
    private Path @Nullable [] linuxFiles;

    @Option(names = "--runs", paramLabel = "N", description = "How often each VMM boots (5 if left out, Linux 3).")
    private @Nullable Integer runs;

    @Option(names = "--rounds", paramLabel = "N", description = "Rounds through all rows in one boot (1, Linux 2).")
    private @Nullable Integer rounds;

    @Option(names = "--seconds", paramLabel = "S", description = "How long a row is measured (1 if left out, Linux 5).")
    private @Nullable Double seconds;

    @Option(names = "--warm-up", paramLabel = "S", description = "How long it runs before that (0.5, Linux 5).")
    private @Nullable Double warmUp;

    @Option(names = "--rows", paramLabel = "REGEX", description = "Only the rows of which a part matches.")
    private Pattern rows = Pattern.compile("");

    @Option(
            names = "--qemu",
            split = ",",
            paramLabel = "MODE",
            description = "QEMU's modes: native, io_uring, threads (all if left out).")
    private Contender.Qemu.Aio[] modes = Contender.Qemu.Aio.values();

    @Option(
            names = "--qemu-tunings",
            split = ",",
            paramLabel = "TUNING",
            description = "What QEMU may be told besides: usual (nothing), flags (no EVENT_IDX), patient (polls for"
                    + " longer). All if left out; Linux: usual.")
    private Contender.Qemu.Tuning @Nullable [] tunings;

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
            description = "Runs the VMMs before all other programs (nice -20, for this session's group too); for root.")
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

    private String[] arguments = {};

    /** Runs the command line. */
    public static void main(String[] args) {
        Compare compare = new Compare();
        compare.arguments = args.clone();
        CommandLine line = new CommandLine(compare);
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

    static void step(String what) {
        System.err.println("vmm: " + what);
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (linux && linuxFiles == null) {
            return LinuxHost.run(List.of(arguments));
        }
        try (Precedence precedence = first ? Precedence.take() : Precedence.none();
                Image image = Image.create(directory, size)) {
            Guest guest = linuxFiles == null
                    ? new Guest.Polling(BuiltinGuest.LOAD.extract(image.folder()))
                    : new Guest.Linux(linuxFiles[0], linuxFiles[1]);
            List<String> words = new ArrayList<>(precedence.prefix());
            if (!prefix.isBlank()) {
                words.addAll(List.of(prefix.strip().split(" +", -1)));
            }
            Results results = new Results();
            compare(guest, image, words, results);
            print(guest, results);
        }
        return 0;
    }

    private void compare(Guest guest, Image image, List<String> words, Results results)
            throws IOException, InterruptedException {
        Comparison comparison = new Comparison(
                contenders(image.file()),
                chosen(guest),
                or(runs, linux ? 3 : 5),
                or(rounds, linux ? 2 : 1),
                quietBelow);
        double before = or(warmUp, linux ? 5.0 : 0.5);
        double measured = or(seconds, linux ? 5.0 : 1.0);
        if (comparison.contenders().size() > MOST_WITHOUT_HEATS) {
            comparison = comparison.afterHeats(new GuestRun(guest, image.file(), words, before, measured, false));
        }
        comparison.measure(new GuestRun(guest, image.file(), words, before, measured, false), results);
        if (!noCounts) {
            comparison.count(new GuestRun(guest, image.file(), words, before, measured, true), results);
        }
    }

    private static <T> T or(@Nullable T value, T otherwise) {
        return value == null ? otherwise : value;
    }

    private List<Row> chosen(Guest guest) {
        List<Row> chosen = guest.rows().stream()
                .filter(row -> rows.matcher(row.title()).find())
                .toList();
        if (chosen.isEmpty()) {
            throw new HostException("No row matches --rows " + rows + "; the rows are "
                    + String.join(", ", guest.rows().stream().map(Row::title).toList()) + ".");
        }
        return chosen;
    }

    private List<Contender> contenders(Path image) throws IOException, InterruptedException {
        List<Contender> contenders = new ArrayList<>();
        contenders.add(new Contender.Ours(vmm(), diskOptions));
        if (oursOnly) {
            return contenders;
        }
        for (Contender.Qemu.Aio mode : Arrays.stream(modes).distinct().toList()) {
            if (mode == Contender.Qemu.Aio.NATIVE && !takesDirectIo(image)) {
                step("the file system of " + image + " knows no O_DIRECT, so QEMU's aio=native has no part in this");
            } else {
                for (Contender.Qemu.Tuning tuning : chosenTunings()) {
                    contenders.add(new Contender.Qemu(mode, tuning));
                }
            }
        }
        return contenders;
    }

    private List<Contender.Qemu.Tuning> chosenTunings() {
        if (tunings != null) {
            return Arrays.stream(tunings).distinct().toList();
        }
        return linux ? List.of(Contender.Qemu.Tuning.USUAL) : List.of(Contender.Qemu.Tuning.values());
    }

    private static boolean takesDirectIo(Path image) throws IOException, InterruptedException {
        Process read = new ProcessBuilder("dd", "if=" + image, "of=/dev/null", "bs=4096", "count=1", "iflag=direct")
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        return read.waitFor() == 0;
    }

    private static Path vmm() {
        @Nullable String home = System.getProperty("vmm.home");
        if (home == null) {
            throw new HostException("The property vmm.home is missing; start this as examples/bench/compare.");
        }
        return Path.of(home, "vmm");
    }

    private void print(Guest guest, Results results) {
        Report report = new Report(results, quietBelow);
        if (json) {
            Map<String, Object> tree = new LinkedHashMap<>();
            tree.put("guest", guest.description());
            tree.put("rows", report.tree());
            System.out.println(JsonMapper.builder()
                    .enable(SerializationFeature.INDENT_OUTPUT)
                    .build()
                    .writeValueAsString(tree));
        } else {
            System.out.println("Guest: " + guest.description());
            System.out.print(report.text());
        }
    }
}
