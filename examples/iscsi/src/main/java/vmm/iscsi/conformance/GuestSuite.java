package vmm.iscsi.conformance;

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
import java.util.HashMap;
import java.util.List;
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
    private static final Duration LIMIT = Duration.ofMinutes(60);

    /** No test takes half as long, so a guest that is silent for longer has come to a standstill. */
    private static final Duration SILENCE = Duration.ofMinutes(3);

    /** How often a guest is booted. In the lab, whose processors are emulated, one in three or four is lost. */
    private static final int BOOTS = 5;

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
        List<Path> programs = packages.programs(task.needs());
        GuestImages images = GuestImages.prepare(PackageCache.defaultFolder(), GuestSuite::step);
        Path initrd = folder.resolve("initrd.gz");
        Path script = Files.writeString(folder.resolve("host.sh"), script("host.sh"));
        Map<Machine, List<Result>> results = new EnumMap<>(Machine.class);
        for (Machine machine : machines) {
            List<String> command = new ArrayList<>(List.of("sh", script.toString()));
            command.addAll(machine.command(vmm(), images.kernel().image(), initrd));
            results.put(machine, results(task, machine, (tests, console) -> {
                step(tests.size() + " tests in a guest of " + machine.label());
                String list = tests.stream().map(test -> test + "\n").collect(Collectors.joining());
                images.initramfs(GuestImages.DISK_MODULES, programs, task.steps())
                        .text("/tests", list)
                        .write(initrd);
                try (OutputStream copy = log == null
                                ? OutputStream.nullOutputStream()
                                : Files.newOutputStream(log, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
                        GuestConsole lines = new GuestConsole(copy, console)) {
                    boot(host, command, lines);
                }
            }));
        }
        return results;
    }

    private static void boot(GuestHost host, List<String> command, OutputStream console) {
        RunOptions options = RunOptions.quiet()
                .withStreams(InputStream.nullInputStream(), console, console)
                .withTimeLimit(LIMIT)
                .withSilenceLimit(SILENCE)
                .forwardingSignals();
        try {
            host.run(command, options);
        } catch (HostException lost) {
            if (host.place() != GuestHost.Place.LAB) {
                throw lost;
            }
            // The guest has taken the lab with it; the next boot has a new one.
            step(String.valueOf(lost.getMessage()));
        }
    }

    /** One boot of a guest with a list of tests. */
    @FunctionalInterface
    private interface Boot {
        void run(List<SuiteTest> tests, GuestTranscript transcript) throws IOException;
    }

    /** Boots a guest, and others for what it leaves, until all is told. */
    private static List<Result> results(Task task, Machine machine, Boot boot) throws IOException {
        Map<SuiteTest, Result> told = new HashMap<>();
        List<SuiteTest> left = new ArrayList<>(task.tests());
        @Nullable String suspect = null;
        for (int i = 0; i < BOOTS && !left.isEmpty(); i++) {
            GuestTranscript transcript = new GuestTranscript(task.tests());
            boot.run(left, transcript);
            told.putAll(transcript.results());
            left.removeAll(transcript.results().keySet());
            if (transcript.ended()) {
                break;
            }
            @Nullable String last = transcript.lastBegun();
            step("the guest of " + machine.label() + " was lost "
                    + (last == null ? "before the first test" : "during " + last));
            if (last != null && last.equals(suspect)) {
                left.removeIf(test -> test.toString().equals(last));
            }
            suspect = last;
        }
        Verdict silence = new Verdict(Verdict.Outcome.FAILED, "the guest was lost, or did not run it");
        return task.tests().stream()
                .map(test -> told.getOrDefault(test, new Result(test, Configuration.THIN, silence, List.of())))
                .toList();
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
}
