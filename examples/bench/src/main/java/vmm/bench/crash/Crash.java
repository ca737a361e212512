package vmm.bench.crash;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import tools.jackson.databind.json.JsonMapper;
import vmm.guests.CrashRound;
import vmm.linux.HostException;

/** {@code examples/bench/crash}: kills the VMM while a guest writes, and looks whether anything promised is lost. */
@Command(
        name = "crash",
        mixinStandardHelpOptions = true,
        usageHelpAutoWidth = true,
        description = {
            "Kills the VMM (SIGKILL) at random moments while a guest writes numbered records and sends flushes. After"
                    + " each kill, every record that a completed flush promised has to be in the image, qemu-img check"
                    + " has to find no error, and the image has to be free for the next start.",
            "Exit status: 0 all is well, 1 something was lost."
        },
        footer = {"", "Example:", "  examples/bench/crash --rounds 200 --format qcow2 --seed 1"})
public final class Crash implements Callable<Integer> {
    @Option(names = "--rounds", paramLabel = "N", description = "How many kills (200 if left out).")
    private int rounds = 200;

    @Option(names = "--seed", paramLabel = "N", description = "Of everything random but time itself (1 if left out).")
    private long seed = 1;

    @Option(names = "--format", paramLabel = "F", description = "The image's: raw or qcow2 (raw if left out).")
    private CrashRound.Format format = CrashRound.Format.RAW;

    @Option(names = "--disk-options", paramLabel = ",KEY=VALUE...", description = "More for the --disk.")
    private String diskOptions = "";

    @Option(names = "--directory", paramLabel = "DIR", description = "Where the image is (/dev/shm if left out).")
    private Path directory = Path.of("/dev/shm");

    @Option(names = "--json", description = "Prints the sums as JSON.")
    private boolean json;

    /** Runs the command line. */
    public static void main(String[] args) {
        CommandLine line = new CommandLine(new Crash());
        line.setCaseInsensitiveEnumValuesAllowed(true);
        line.setExecutionExceptionHandler((trouble, command, result) -> {
            if (!(trouble instanceof HostException) && !(trouble instanceof IOException)) {
                throw trouble;
            }
            System.err.println("vmm: " + trouble.getMessage());
            return 1;
        });
        System.exit(line.execute(args));
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        @Nullable String home = System.getProperty("vmm.home");
        if (home == null) {
            throw new HostException("The property vmm.home is missing; start this as examples/bench/crash.");
        }
        List<String> vmm = List.of(Path.of(home, "vmm").toString());
        Path folder = Files.createTempDirectory(directory, "vmm-crash");
        Random random = new Random(seed);
        long promised = 0;
        long leaks = 0;
        int bad = 0;
        for (int i = 1; i <= rounds; i++) {
            CrashRound round = CrashRound.random(format, random);
            // What went wrong keeps its image.
            Path own = Files.createDirectory(folder.resolve("round-" + i));
            CrashRound.Result result = round.run(vmm, diskOptions, own);
            promised += result.promised();
            leaks += result.leaks();
            System.err.printf(
                    "vmm: round %d of %d: %s, %d records promised%s%n",
                    i, rounds, round, result.promised(), result.leaks() == 0 ? "" : ", leaks " + result.leaks());
            if (result.troubles().isEmpty()) {
                delete(own);
            } else {
                bad++;
                result.troubles().stream().limit(5).forEach(trouble -> System.err.println("vmm:   " + trouble));
                System.err.println("vmm:   " + result.troubles().size() + " troubles; the image is in " + own);
            }
        }
        if (bad == 0) {
            Files.delete(folder);
        }
        print(promised, leaks, bad);
        return bad == 0 ? 0 : 1;
    }

    private void print(long promised, long leaks, int bad) {
        if (json) {
            Map<String, Object> tree = new LinkedHashMap<>();
            tree.put("rounds", rounds);
            tree.put("promised", promised);
            tree.put("leakedClusters", leaks);
            tree.put("badRounds", bad);
            System.out.println(JsonMapper.builder().build().writeValueAsString(tree));
        } else {
            System.out.printf(
                    "%d kills, %d records promised, %d rounds with trouble, %d clusters leaked%n",
                    rounds, promised, bad, leaks);
        }
    }

    private static void delete(Path folder) throws IOException {
        try (var files = Files.newDirectoryStream(folder)) {
            for (Path file : files) {
                Files.delete(file);
            }
        }
        Files.delete(folder);
    }
}
