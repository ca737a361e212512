package vmm.bench.hotplug;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import vmm.linux.HostException;

/**
 * What a VMM of ours holds.
 *
 * @param heapBytes in objects that are in use, after a garbage collection
 * @param threads of its process
 * @param files that are open
 */
record Leftovers(long heapBytes, long threads, long files) {
    /** Looks at a process, which collects its garbage for that. */
    static Leftovers of(long pid) throws IOException, InterruptedException {
        long heap = heap(pid);
        Path process = Path.of("/proc", Long.toString(pid));
        return new Leftovers(heap, count(process.resolve("task")), count(process.resolve("fd")));
    }

    private static long count(Path folder) throws IOException {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.count();
        }
    }

    /** The last line of a histogram is {@code Total}, objects, bytes. */
    private static long heap(long pid) throws IOException, InterruptedException {
        Process jcmd = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
                        Long.toString(pid),
                        "GC.class_histogram")
                .redirectErrorStream(true)
                .start();
        String total = "";
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(jcmd.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                total = line.isBlank() ? total : line.strip();
            }
        }
        String[] words = total.split("\\s+", -1);
        if (jcmd.waitFor() != 0 || !words[0].equals("Total")) {
            throw new HostException("The VMM's heap cannot be looked at: " + total + ".");
        }
        return Long.parseLong(words[2]);
    }
}
