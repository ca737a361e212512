package vmm.bench.compare;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import vmm.linux.HostException;

/**
 * One boot of a guest on one VMM: every row is warmed up, then measured.
 *
 * @param guest what boots
 * @param image the disk
 * @param prefix words in front of each command line
 * @param warmUp seconds of each row that do not count
 * @param seconds of each row that do
 * @param counting whether {@code perf} counts along, which costs a little time
 */
record GuestRun(Guest guest, Path image, List<String> prefix, double warmUp, double seconds, boolean counting)
        implements Rig {
    private static final double COUNTED_SHARE = 0.6;

    @Override
    public List<Sample> run(Contender contender, List<Row> rows) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(prefix);
        String commandLine = guest.commandLine(rows, warmUp, seconds);
        command.addAll(
                contender.command(guest, commandLine, image, rows.getFirst().bus()));
        Path errors = image.resolveSibling("errors");
        Process process =
                new ProcessBuilder(command).redirectError(errors.toFile()).start();
        process.getOutputStream().close();
        long limit = guest.patienceSeconds() + (long) (2 * rows.size() * (warmUp + seconds));
        CompletableFuture<Boolean> inTime = process.onExit()
                .thenApply(ended -> true)
                .completeOnTimeout(false, limit, TimeUnit.SECONDS)
                .whenComplete((ended, trouble) -> {
                    // Not if it has ended: that would close its output before all of it was read.
                    if (!Boolean.TRUE.equals(ended)) {
                        process.destroyForcibly();
                    }
                });
        List<String> console = new ArrayList<>();
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.ISO_8859_1))) {
            List<Sample> samples = collect(lines, console, process.pid(), contender);
            if (process.waitFor() != guest.goodStatus() || samples.size() != rows.size()) {
                String how = inTime.join() ? "ended with status " + process.exitValue() : "took too long";
                throw new HostException("The guest on " + contender.name() + " " + how + "; its last words: "
                        + (console.isEmpty() ? "none" : console.getLast()) + ". The command was "
                        + String.join(" ", command) + ", and it complained: "
                        + Files.readString(errors).strip());
            }
            return samples;
        } finally {
            process.destroyForcibly();
        }
    }

    private List<Sample> collect(BufferedReader lines, List<String> console, long pid, Contender contender)
            throws IOException, InterruptedException {
        List<Sample> samples = new ArrayList<>();
        @Nullable Usage begin = null;
        CompletableFuture<Optional<KernelCounts>> counts = CompletableFuture.completedFuture(Optional.empty());
        int begun = 0;
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            console.add(line.strip());
            if (line.startsWith("begin ")) {
                // The first of two is the warm-up.
                begin = begun++ % 2 == 0 ? null : Usage.of(pid, contender);
                if (begin != null && counting) {
                    counts = count(pid);
                }
            } else if (line.startsWith("end ") && begin != null) {
                samples.add(sample(facts(line), begin, Usage.of(pid, contender), await(counts)));
            }
        }
        return samples;
    }

    private CompletableFuture<Optional<KernelCounts>> count(long pid) {
        CompletableFuture<Optional<KernelCounts>> counts = new CompletableFuture<>();
        Thread.ofPlatform().daemon().start(() -> {
            try {
                counts.complete(KernelCounts.of(pid, seconds * COUNTED_SHARE));
            } catch (IOException | InterruptedException | RuntimeException e) {
                counts.completeExceptionally(e);
            }
        });
        return counts;
    }

    private static Optional<KernelCounts> await(CompletableFuture<Optional<KernelCounts>> counts)
            throws InterruptedException, IOException {
        try {
            return counts.get();
        } catch (ExecutionException e) {
            throw new IOException("Counting by perf failed.", e);
        }
    }

    private static Map<String, Long> facts(String line) {
        Map<String, Long> facts = new HashMap<>();
        for (String word : line.split(" ", -1)) {
            String[] pair = word.split("=", 2);
            if (pair.length == 2 && pair[1].matches("\\d+")) {
                facts.put(pair[0], Long.valueOf(pair[1]));
            }
        }
        return facts;
    }

    private static Sample sample(Map<String, Long> facts, Usage begin, Usage end, Optional<KernelCounts> counts) {
        if (facts.getOrDefault("errors", 0L) != 0) {
            throw new HostException("The guest met " + facts.get("errors") + " errors; see what the disk has.");
        }
        double ios = facts.getOrDefault("ios", 0L);
        double iops = ios * 1e9 / facts.getOrDefault("ns", 1L);
        return new Sample(
                iops,
                (end.vmmNanos() - begin.vmmNanos()) / ios / 1e3,
                facts.getOrDefault("p50", 0L) / 1e3,
                facts.getOrDefault("p99", 0L) / 1e3,
                end.othersSince(begin),
                perRequest(facts, "kicks", ios).or(() -> counts.map(count -> count.mmioExits() / iops)),
                perRequest(facts, "irqs", ios).or(() -> counts.map(count -> count.interrupts() / iops)),
                counts.map(count -> count.systemCalls() / iops));
    }

    /** What the guest itself knows best. */
    private static Optional<Double> perRequest(Map<String, Long> facts, String key, double ios) {
        return Optional.ofNullable(facts.get(key)).map(count -> count / ios);
    }
}
