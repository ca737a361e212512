package vmm.iscsi.conformance;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import vmm.iscsi.Program;
import vmm.linux.HostException;

/** {@code examples/iscsi/conformance}: what libiscsi's test suite says of the SCSI target. */
@Command(
        name = "conformance",
        mixinStandardHelpOptions = true,
        usageHelpAutoWidth = true,
        description = {
            "Runs each test of libiscsi's iscsi-test-cu against the SCSI target, over iSCSI on this machine. A test that"
                    + " skips itself for want of a removable or read-only disk runs once more with one.",
            "Exit status: 0 none failed, 1 some did."
        },
        footer = {
            "",
            "Examples:",
            "  examples/iscsi/conformance",
            "  examples/iscsi/conformance --guest",
            "  examples/iscsi/conformance --guest=ours --sg3",
            "  examples/iscsi/conformance --tests 'Write(Same|Atomic).*' --configuration plain --log failures.txt"
        })
public final class Conformance implements Callable<Integer> {
    private static final int LOG_LINES = 60;
    /** Crashes the client itself through a device file. */
    private static final String CRASHES = "Sanitize.OverwriteReserved";

    private static final int PROGRESS = 50;

    @Option(names = "--tests", paramLabel = "REGEX", description = "Only tests whose FAMILY.NAME matches it whole.")
    private Pattern tests = Pattern.compile(".*");

    @Option(
            names = "--configuration",
            paramLabel = "NAME",
            description = "The disk to begin with: ${COMPLETION-CANDIDATES} (${DEFAULT-VALUE} if left out).")
    private Configuration configuration = Configuration.THIN;

    @Option(
            names = "--guest",
            split = ",",
            arity = "0..1",
            fallbackValue = "OURS,QEMU",
            paramLabel = "MACHINE",
            description = "In a Linux guest, over its disks, in these machines: ours, qemu (both if left out).")
    private List<Machine> machines = List.of();

    @Option(names = "--sg3", description = "With --guest: sg3_utils instead of libiscsi's tests.")
    private boolean sg3;

    @Option(
            names = "--log",
            paramLabel = "FILE",
            description = "Writes there what the tests that failed printed; of guests, all that they print.")
    private @Nullable Path log;

    @Option(names = "--json", description = "Prints the results as JSON.")
    private boolean json;

    /** Runs the command line. */
    public static void main(String[] args) {
        System.exit(Program.run(new Conformance(), args));
    }

    @Override
    public Integer call() throws IOException {
        List<SuiteTest> chosen = TestClient.tests().stream()
                .filter(test -> tests.matcher(test.toString()).matches())
                .toList();
        if (!machines.isEmpty()) {
            return inGuests(chosen);
        }
        Report report = new Report(runAll(chosen, configuration));
        if (json) {
            print(report.facts());
        } else {
            System.out.print(report.table());
        }
        if (log != null) {
            Files.writeString(log, report.table() + "\n" + report.failures(LOG_LINES));
        }
        return report.count(Verdict.Outcome.FAILED) == 0 ? 0 : 1;
    }

    private int inGuests(List<SuiteTest> chosen) throws IOException {
        GuestSuite.Task task = sg3
                ? GuestSuite.Task.sg3Utils()
                : GuestSuite.Task.libiscsi(chosen.stream()
                        .filter(test -> !CRASHES.equals(test.toString()))
                        .toList());
        Map<Machine, List<Result>> results = GuestSuite.run(task, machines, log);
        if (json) {
            Map<String, Object> facts = new LinkedHashMap<>();
            results.forEach((machine, own) -> facts.put(machine.label(), new Report(own).facts()));
            print(facts);
        } else {
            System.out.print(Report.sideBySide(results));
        }
        List<Result> ours = results.getOrDefault(Machine.OURS, List.of());
        return new Report(ours).count(Verdict.Outcome.FAILED) == 0 ? 0 : 1;
    }

    private static void print(Map<String, Object> facts) {
        System.out.println(JsonMapper.builder()
                .enable(SerializationFeature.INDENT_OUTPUT)
                .build()
                .writeValueAsString(facts));
    }

    /** Runs tests, as many at a time as there are processors, and returns the results in their order. */
    static List<Result> runAll(List<SuiteTest> tests, Configuration configuration) {
        try (ExecutorService workers =
                Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors())) {
            List<Future<Result>> running = tests.stream()
                    .map(test -> workers.submit(() -> NativeSuite.run(test, configuration)))
                    .toList();
            List<Result> results = new ArrayList<>();
            for (Future<Result> one : running) {
                results.add(one.get());
                progress(results.size(), tests.size());
            }
            return results;
        } catch (ExecutionException trouble) {
            throw new HostException(String.valueOf(trouble.getCause()), trouble);
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
            throw new HostException("Interrupted.", stop);
        }
    }

    private static void progress(int done, int all) {
        if (done % PROGRESS == 0 || done == all) {
            System.err.println("vmm: " + done + " of " + all + " tests");
        }
    }
}
