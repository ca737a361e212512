package vmm.iscsi.conformance;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import vmm.linux.HostException;

/** libiscsi's {@code iscsi-test-cu}: somebody else's idea of how a SCSI disk behaves. */
final class TestClient {
    private static final String PROGRAM = "iscsi-test-cu";
    private static final int PARTS = 3;

    /** The longest that a test may take. Most take no time, and one sleeps a minute. */
    private static final long LIMIT_SECONDS = 90;

    private TestClient() {}

    /**
     * What a run gave.
     *
     * @param output all that the client printed
     */
    record Run(Verdict verdict, List<String> output) {}

    /** True if it is installed. */
    static boolean isInstalled() {
        return Files.isExecutable(Path.of("/usr/bin", PROGRAM));
    }

    /** All of its tests. */
    static List<SuiteTest> tests() {
        Run run = run(List.of(PROGRAM, "--list"));
        return run.output().stream()
                .map(line -> line.strip().split("\\."))
                .filter(parts -> parts.length == PARTS && parts[0].equals("ALL"))
                .map(parts -> new SuiteTest(parts[1], parts[2]))
                .toList();
    }

    /**
     * Runs a test.
     *
     * @param devices iSCSI URLs or device files, one for each path to the logical unit
     */
    static Run run(SuiteTest test, List<String> devices) {
        List<String> command = new ArrayList<>(List.of(PROGRAM, "--dataloss", "--allow-sanitize", "-V"));
        command.addAll(List.of("-t", test.path()));
        command.addAll(devices);
        return run(command);
    }

    private static Run run(List<String> command) {
        try {
            Path file = Files.createTempFile("conformance", ".out");
            try {
                // The C library would keep what it prints back from a file until the end, and lose it in a crash.
                List<String> lineByLine = new ArrayList<>(List.of("stdbuf", "-oL"));
                lineByLine.addAll(command);
                Process process = new ProcessBuilder(lineByLine)
                        .redirectErrorStream(true)
                        .redirectOutput(file.toFile())
                        .start();
                boolean ended = process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS);
                if (!ended) {
                    process.destroyForcibly().waitFor();
                }
                List<String> output = Files.readString(file, StandardCharsets.ISO_8859_1)
                        .lines()
                        .toList();
                return new Run(ended ? Verdict.of(output) : Verdict.timeout(LIMIT_SECONDS), output);
            } finally {
                Files.delete(file);
            }
        } catch (IOException trouble) {
            throw new HostException(
                    "Cannot run " + PROGRAM + " (" + trouble.getMessage() + "); install the package libiscsi-bin.",
                    trouble);
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
            throw new HostException("Interrupted.", stop);
        }
    }
}
