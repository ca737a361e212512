package vmm.bench.compare;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * Who has used the processors up to a moment.
 *
 * @param at the moment, by {@link System#nanoTime}
 * @param vmmNanos the threads of one process, without those that run guest code
 * @param processNanos all its threads
 * @param machineNanos everybody, in the steps of the kernel's accounting
 */
record Usage(long at, long vmmNanos, long processNanos, long machineNanos) {
    private static final Path STAT = Path.of("/proc/stat");

    /** USER_HZ, which is the same on every Linux for x86. */
    private static final long TICKS_PER_SECOND = 100;

    /** The columns user, nice and system of the line "cpu" (proc_stat(5)), then idle and iowait, then three more. */
    private static final int[] BUSY = {1, 2, 3, 6, 7, 8};

    static Usage of(long pid, Contender contender) throws IOException {
        long vmm = 0;
        long process = 0;
        try (DirectoryStream<Path> threads = Files.newDirectoryStream(Path.of("/proc/" + pid + "/task"))) {
            for (Path thread : threads) {
                long nanos = nanosOf(thread);
                process += nanos;
                if (nanos > 0 && !contender.runsGuestCode(nameOf(thread))) {
                    vmm += nanos;
                }
            }
        }
        return new Usage(System.nanoTime(), vmm, process, busyNanos());
    }

    /** Nothing, if the thread has ended: what it used is gone with it. */
    private static long nanosOf(Path thread) {
        try {
            return Long.parseLong(Files.readString(thread.resolve("schedstat")).split(" ", 2)[0]);
        } catch (IOException ended) {
            return 0;
        }
    }

    private static String nameOf(Path thread) {
        try {
            return Files.readString(thread.resolve("comm")).strip();
        } catch (IOException ended) {
            return "";
        }
    }

    private static long busyNanos() throws IOException {
        String[] columns =
                Files.readString(STAT).lines().findFirst().orElseThrow().split(" +", -1);
        long ticks = 0;
        for (int column : BUSY) {
            ticks += Long.parseLong(columns[column]);
        }
        return ticks * TimeUnit.SECONDS.toNanos(1) / TICKS_PER_SECOND;
    }

    /** How many processors somebody else has used since an earlier moment. */
    double othersSince(Usage earlier) {
        long others = machineNanos - earlier.machineNanos - (processNanos - earlier.processNanos);
        return Math.max(0, (double) others / (at - earlier.at));
    }
}
