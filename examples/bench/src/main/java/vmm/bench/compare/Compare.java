package vmm.bench.compare;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import vmm.bench.LinuxBench;
import vmm.guests.BuiltinGuest;
import vmm.lab.GuestHost;
import vmm.lab.LabConfig;
import vmm.lab.RunOptions;
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
    private static final int MOST_WITHOUT_HEATS = 2;

    /** Whether the file system of a folder, which is in the lab, knows O_DIRECT. */
    private static final String PROBE_DIRECT_IO = "file=$(mktemp -p \"$1\") && truncate -s 4096 \"$file\""
            + " && dd if=\"$file\" of=/dev/null bs=4096 count=1 iflag=direct; status=$?; rm -f \"$file\"; exit $status";

    @Option(
            names = {"--linux", "--lab"},
            description = "The guest is Linux with fio; in the nested lab, unless KVM is fast here.")
    private boolean linux;

    @Option(names = "--linux-files", arity = "2", hidden = true, description = "The kernel and the initial RAM disk.")
    private Path @Nullable [] linuxFiles;

    @Option(names = "--one-boot", paramLabel = "JSON", hidden = true, description = "For this program in the lab.")
    private @Nullable String oneBoot;

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
        System.exit(LinuxBench.execute(line, args));
    }

    static void step(String what) {
        System.err.println("vmm: " + what);
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (!linux) {
            try (Precedence precedence = precedence();
                    Image image = Image.create(directory, size)) {
                Guest guest = new Guest.Polling(BuiltinGuest.LOAD.extract(image.folder()));
                compare(
                        guest,
                        contenders(takesDirectIo(image.file())),
                        counting -> run(guest, image, precedence, counting));
            }
        } else if (linuxFiles != null && oneBoot != null) {
            bootOnce(new Guest.Linux(linuxFiles[0], linuxFiles[1]), OneBoot.of(oneBoot));
        } else {
            compareLinux();
        }
        return 0;
    }

    private void compareLinux() throws IOException, InterruptedException {
        try (GuestHost host = LinuxBench.host(Compare::step)) {
            Path share = Files.createDirectories(LabConfig.ofEnvironment().share());
            Path folder = Files.createTempDirectory(share, "compare-");
            try {
                Guest.Linux guest = LinuxFiles.prepare(folder, Compare::step);
                if (host.place() == GuestHost.Place.LAB) {
                    int directIo = host.run(
                            List.of("sh", "-c", PROBE_DIRECT_IO, "sh", directory.toString()), RunOptions.quiet());
                    compare(
                            guest,
                            contenders(directIo == 0),
                            counting -> new LabRun(host, guest, List.of(arguments), counting));
                } else {
                    try (Precedence precedence = precedence();
                            Image image = Image.create(directory, size)) {
                        compare(
                                guest,
                                contenders(takesDirectIo(image.file())),
                                counting -> run(guest, image, precedence, counting));
                    }
                }
            } finally {
                Files.deleteIfExists(folder.resolve("initrd.gz"));
                Files.delete(folder);
            }
        }
    }

    /** In the lab: one boot, whose samples are the answer on the standard output. */
    private void bootOnce(Guest guest, OneBoot boot) throws IOException, InterruptedException {
        Map<String, Row> titles = guest.rows().stream().collect(Collectors.toMap(Row::title, row -> row));
        List<Row> wanted = boot.rows().stream()
                .map(title -> Objects.requireNonNull(titles.get(title), title))
                .toList();
        Contender contender = contenders(true).stream()
                .filter(each -> each.name().equals(boot.contender()))
                .findFirst()
                .orElseThrow();
        try (Precedence precedence = precedence();
                Image image = Image.create(directory, size)) {
            GuestRun run = run(guest, image, precedence, boot.counting());
            System.out.println(OneBoot.answer(run.run(contender, wanted)));
        }
    }

    private Precedence precedence() throws IOException {
        return first ? Precedence.take() : Precedence.none();
    }

    private GuestRun run(Guest guest, Image image, Precedence precedence, boolean counting) {
        List<String> words = new ArrayList<>(precedence.prefix());
        if (!prefix.isBlank()) {
            words.addAll(List.of(prefix.strip().split(" +", -1)));
        }
        return new GuestRun(
                guest, image.file(), words, or(warmUp, linux ? 5.0 : 0.5), or(seconds, linux ? 5.0 : 1.0), counting);
    }

    private void compare(Guest guest, List<Contender> contenders, Function<Boolean, Rig> rig)
            throws IOException, InterruptedException {
        Comparison comparison = new Comparison(
                contenders, chosen(guest), or(runs, linux ? 3 : 5), or(rounds, linux ? 2 : 1), quietBelow);
        if (contenders.size() > MOST_WITHOUT_HEATS) {
            comparison = comparison.afterHeats(rig.apply(false));
        }
        Results results = new Results();
        comparison.measure(rig.apply(false), results);
        if (!noCounts) {
            comparison.count(rig.apply(true), results);
        }
        print(guest, results);
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

    private List<Contender> contenders(boolean directIo) {
        List<Contender> contenders = new ArrayList<>();
        contenders.add(new Contender.Ours(Path.of(LinuxBench.vmm()), diskOptions));
        if (oursOnly) {
            return contenders;
        }
        for (Contender.Qemu.Aio mode : Arrays.stream(modes).distinct().toList()) {
            if (mode == Contender.Qemu.Aio.NATIVE && !directIo) {
                step("the file system of " + directory
                        + " knows no O_DIRECT, so QEMU's aio=native has no part in this");
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
