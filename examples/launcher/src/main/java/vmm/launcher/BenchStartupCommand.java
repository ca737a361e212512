package vmm.launcher;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import vmm.guests.BuiltinGuest;
import vmm.linux.HostException;
import vmm.machine.ConfigurationException;

/** {@code vmm bench startup}: how long until a guest speaks, and how much memory the VMM takes for itself. */
@Command(
        name = "startup",
        description = {
            "Measures the time from the start of ./vmm to the first byte that a PVH guest prints,",
            "where that time goes, and the memory that the VMM takes beyond what the guest touched."
        },
        footer = {"", "Example:", "  vmm bench startup --runs 20 --json"})
final class BenchStartupCommand extends Subcommand {
    /** An odd size, by which the mappings of guest RAM are told from all others. */
    private static final int GUEST_MEBIBYTES = 131;

    private static final long LIMIT_SECONDS = 60;

    @Option(names = "--runs", paramLabel = "N", defaultValue = "11", description = "How many runs (11 if left out).")
    private int runs = 11;

    @Option(names = "--json", description = "Tells the figures as JSON.")
    private boolean json;

    BenchStartupCommand(Console console) {
        super(console);
    }

    /**
     * What several runs took, in milliseconds.
     *
     * @param median half of the runs took less
     * @param least the quickest run
     * @param most the slowest run
     */
    private record Spread(double median, double least, double most) {
        static Spread of(List<Double> runs) {
            List<Double> sorted = runs.stream().sorted().toList();
            return new Spread(sorted.get(sorted.size() / 2), sorted.getFirst(), sorted.getLast());
        }

        String text() {
            return String.format(Locale.ROOT, "%6.0f ms  (%.0f to %.0f)", median, least, most);
        }

        Map<String, Object> tree() {
            Map<String, Object> tree = new LinkedHashMap<>();
            tree.put("medianMillis", median);
            tree.put("leastMillis", least);
            tree.put("mostMillis", most);
            return tree;
        }
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (runs < 1) {
            throw new ConfigurationException("--runs takes a number from 1 up, not " + runs + ".");
        }
        String vmm = Home.vmm().toString();
        Path folder = Files.createTempDirectory("vmm-bench");
        try {
            Path firstByte = BuiltinGuest.FIRST_BYTE.extract(folder);
            Path echo = BuiltinGuest.ECHO.extract(folder);
            report(
                    measure(List.of(vmm, "--version")),
                    measure(withGuest(vmm, firstByte, "--dry-run")),
                    measure(withGuest(vmm, firstByte)),
                    residentKibibytes(withGuest(vmm, echo)));
        } finally {
            for (BuiltinGuest guest : BuiltinGuest.values()) {
                Files.deleteIfExists(folder.resolve(guest.fileName()));
            }
            Files.delete(folder);
        }
        return 0;
    }

    private static List<String> withGuest(String vmm, Path guest, String... more) {
        List<String> command = new ArrayList<>(
                List.of(vmm, "run", "--kernel", guest.toString(), "--debug-exit", "--memory", GUEST_MEBIBYTES + "M"));
        command.addAll(List.of(more));
        return command;
    }

    private Spread measure(List<String> command) throws IOException, InterruptedException {
        console().step("measuring " + String.join(" ", command.subList(1, command.size())));
        List<Double> times = new ArrayList<>();
        for (int run = 0; run < runs; run++) {
            long start = System.nanoTime();
            Process process = start(command);
            int first = process.getInputStream().read();
            times.add((System.nanoTime() - start) / 1e6);
            finish(process, first);
        }
        return Spread.of(times);
    }

    private static Process start(List<String> command) throws IOException {
        return new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    private static void finish(Process process, int firstByte) throws InterruptedException {
        if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS) || firstByte < 0) {
            process.destroyForcibly();
            throw new HostException("The machine that was to be measured did not run; its own words are above.");
        }
    }

    /** Resident memory of a VMM whose guest waits for input, without the part of guest RAM that is resident. */
    private long residentKibibytes(List<String> command) throws IOException, InterruptedException {
        console().step("measuring resident memory");
        Process process = start(command);
        int first = process.getInputStream().read();
        long resident = 0;
        boolean guestRam = false;
        for (String line : Files.readAllLines(Path.of("/proc/" + process.pid() + "/smaps"))) {
            if (line.startsWith("Size:")) {
                guestRam = kibibytes(line) == GUEST_MEBIBYTES << 10;
            } else if (line.startsWith("Rss:") && !guestRam) {
                resident += kibibytes(line);
            }
        }
        process.getOutputStream().write('q');
        process.getOutputStream().flush();
        finish(process, first);
        return resident;
    }

    /** The number in a line such as {@code Rss: 12 kB}. */
    private static long kibibytes(String line) {
        return Long.parseLong(
                line.substring(line.indexOf(':') + 1, line.lastIndexOf(' ')).strip());
    }

    private void report(Spread version, Spread dryRun, Spread firstByte, long resident) {
        if (json) {
            Map<String, Object> tree = new LinkedHashMap<>();
            tree.put("runs", runs);
            tree.put("programStarted", version.tree());
            tree.put("machinePlanned", dryRun.tree());
            tree.put("firstByte", firstByte.tree());
            tree.put("residentKibibytes", resident);
            console().out().println(Json.write(tree));
            return;
        }
        console().out().println("Medians of " + runs + " runs, from the start of ./vmm to");
        console().out().println("  the program's first word (--version)    " + version.text());
        console().out().println("  the machine, planned (--dry-run)        " + dryRun.text());
        console().out().println("  the guest's first byte                  " + firstByte.text());
        console()
                .out()
                .println("Resident beyond guest RAM: " + (resident >> 10) + " MiB, with a guest of " + GUEST_MEBIBYTES
                        + " MiB that waits for input");
    }
}
