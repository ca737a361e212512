package vmm.iscsi.conformance;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import vmm.lab.GuestHost;
import vmm.lab.GuestImages;
import vmm.lab.LabConfig;
import vmm.lab.PackageCache;
import vmm.lab.RunOptions;
import vmm.linux.HostException;

/** Runs tests in a Linux guest, through its driver, on each of some machines. */
final class GuestSuite {
    private static final String MARK = "@@ ";
    private static final Duration LIMIT = Duration.ofMinutes(20);

    private static final Pattern CHECK = Pattern.compile("^check (\\w+) ", Pattern.MULTILINE);
    private static final List<String> SG3_UTILS = List.of(
            "sg_compare_and_write",
            "sg_copy_results",
            "sg_get_lba_status",
            "sg_inq",
            "sg_logs",
            "sg_luns",
            "sg_modes",
            "sg_opcodes",
            "sg_persist",
            "sg_readcap",
            "sg_requests",
            "sg_reset",
            "sg_rtpg",
            "sg_sanitize",
            "sg_senddiag",
            "sg_sync",
            "sg_turs",
            "sg_unmap",
            "sg_verify",
            "sg_vpd",
            "sg_write_same",
            "sg_xcopy",
            "scsi_mandat");

    /**
     * What a guest does.
     *
     * @param tests what it tells the outcome of
     * @param steps how
     * @param needs the programs it has, each in a package of the host's distribution
     */
    record Task(List<SuiteTest> tests, String steps, List<PackageCache.Need> needs) {
        /** Runs libiscsi's client. */
        static Task libiscsi(List<SuiteTest> tests) throws IOException {
            return new Task(
                    tests,
                    GuestSuite.script("guest.sh"),
                    List.of(new PackageCache.Need("iscsi-test-cu", "libiscsi-bin")));
        }

        /** Lets sg3_utils look at the disk. */
        static Task sg3Utils() throws IOException {
            String script = GuestSuite.script("sg3.sh");
            List<SuiteTest> tests = CHECK.matcher(script)
                    .results()
                    .map(match -> new SuiteTest("sg3", match.group(1)))
                    .toList();
            List<PackageCache.Need> needs = new ArrayList<>(List.of(new PackageCache.Need("bash", "bash")));
            SG3_UTILS.forEach(program -> needs.add(new PackageCache.Need(program, "sg3-utils")));
            return new Task(tests, script, needs);
        }
    }

    private GuestSuite() {}

    /**
     * Runs the tests on each machine. A test of which a machine's guest says nothing has failed there.
     *
     * @param log where to write what the guests say, as it comes; null for nowhere
     */
    static Map<Machine, List<Result>> run(Task task, List<Machine> machines, @Nullable Path log) throws IOException {
        LabConfig config = LabConfig.ofEnvironment();
        try (GuestHost host = GuestHost.choose(config, GuestSuite::step)) {
            if (host.place() == GuestHost.Place.NONE) {
                throw new HostException("Linux cannot run here: " + host.reason() + ".");
            }
            Path folder = Files.createTempDirectory(Files.createDirectories(config.share()), "conformance-");
            try {
                return run(task, machines, host, folder, log);
            } finally {
                Files.deleteIfExists(folder.resolve("initrd.gz"));
                Files.deleteIfExists(folder.resolve("host.sh"));
                Files.delete(folder);
            }
        }
    }

    private static Map<Machine, List<Result>> run(
            Task task, List<Machine> machines, GuestHost host, Path folder, @Nullable Path log) throws IOException {
        PackageCache packages = new PackageCache(PackageCache.defaultFolder(), GuestSuite::step);
        List<SuiteTest> tests = task.tests();
        List<Path> programs = packages.programs(task.needs());
        GuestImages images = GuestImages.prepare(PackageCache.defaultFolder(), GuestSuite::step);
        Path initrd = folder.resolve("initrd.gz");
        String list = tests.stream().map(test -> test + "\n").collect(Collectors.joining());
        images.initramfs(GuestImages.DISK_MODULES, programs, task.steps())
                .text("/tests", list)
                .write(initrd);
        Path script = Files.writeString(folder.resolve("host.sh"), script("host.sh"));
        Map<Machine, List<Result>> results = new EnumMap<>(Machine.class);
        for (Machine machine : machines) {
            step(tests.size() + " tests in a guest of " + machine.label());
            List<String> command = new ArrayList<>(List.of("sh", script.toString()));
            command.addAll(machine.command(vmm(), images.kernel().image(), initrd));
            try (OutputStream copy = log == null
                    ? OutputStream.nullOutputStream()
                    : Files.newOutputStream(log, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
                Console console = new Console(copy);
                host.run(
                        command,
                        RunOptions.quiet()
                                .withStreams(InputStream.nullInputStream(), console, console)
                                .withTimeLimit(LIMIT)
                                .forwardingSignals());
                results.put(machine, results(tests, console.lines()));
            }
        }
        return results;
    }

    private static List<Result> results(List<SuiteTest> tests, List<String> console) {
        Map<String, Result> last = new LinkedHashMap<>();
        for (SuiteTest test : tests) {
            Verdict silence = new Verdict(Verdict.Outcome.FAILED, "the guest did not run it");
            last.put(test.toString(), new Result(test, Configuration.THIN, silence, lastLines(console)));
        }
        String[] header = {};
        List<String> said = new ArrayList<>();
        for (String line : console) {
            if (!line.startsWith(MARK)) {
                said.add(line);
                continue;
            }
            if (header.length == 2) {
                Configuration configuration = Configuration.valueOf(header[1].toUpperCase(Locale.ROOT));
                List<String> output = List.copyOf(said);
                last.computeIfPresent(
                        header[0],
                        (name, former) -> new Result(
                                former.test(), configuration, Verdict.of(output).judgedBy(former.test()), output));
            }
            header = line.substring(MARK.length()).split(" ", -1);
            said.clear();
        }
        return List.copyOf(last.values());
    }

    private static List<String> lastLines(List<String> console) {
        return List.copyOf(console.subList(Math.max(0, console.size() - 20), console.size()));
    }

    private static Path vmm() {
        @Nullable String home = System.getProperty("vmm.home");
        if (home == null) {
            throw new HostException("The property vmm.home is missing; start this as examples/iscsi/conformance.");
        }
        return Path.of(home, "vmm");
    }

    private static String script(String name) throws IOException {
        try (InputStream in = GuestSuite.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException("The script " + name + " was not built in.");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static void step(String what) {
        System.err.println("vmm: " + what);
    }

    /** Collects what a guest prints, and shows how far it is. */
    private static final class Console extends OutputStream {
        private static final int PROGRESS = 25;

        private final OutputStream copy;
        private final ByteArrayOutputStream line = new ByteArrayOutputStream();
        private final List<String> lines = new ArrayList<>();
        private int marks;

        Console(OutputStream copy) {
            this.copy = copy;
        }

        @Override
        public synchronized void write(int b) throws IOException {
            copy.write(b);
            if (b == '\n') {
                String whole = line.toString(StandardCharsets.ISO_8859_1);
                lines.add(whole);
                line.reset();
                if (whole.startsWith(MARK) && ++marks % PROGRESS == 0) {
                    step(marks + " runs");
                }
            } else if (b != '\r') {
                line.write(b);
            }
        }

        synchronized List<String> lines() {
            return List.copyOf(lines);
        }
    }
}
