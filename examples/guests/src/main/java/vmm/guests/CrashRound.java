package vmm.guests;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One crash: a VMM is killed while {@link BuiltinGuest#LOAD} writes records, and its image is looked through.
 *
 * @param format how the image keeps its data
 * @param device what the guest writes to: {@code blk} or {@code scsi}
 * @param depth records in flight
 * @param blockSize bytes of a record
 * @param flushEvery records between flushes
 * @param seed of the records' places
 * @param clusterSize of a qcow2 image, in bytes
 * @param killAfterMillis how long the guest may write
 */
public record CrashRound(
        Format format,
        String device,
        int depth,
        int blockSize,
        int flushEvery,
        int seed,
        int clusterSize,
        int killAfterMillis) {
    private static final int MIB = 1 << 20;
    private static final int SIZE = 64 * MIB;
    private static final long LIMIT_SECONDS = 60;
    private static final Pattern BLOCKS = Pattern.compile("begin .* blocks=(\\d+)");
    private static final Pattern COUNT = Pattern.compile("\"(corruptions|check-errors|leaks)\": (\\d+)");

    /** How an image keeps its data. */
    public enum Format {
        /** As it is. */
        RAW,
        /** QEMU's copy on write, version 3. */
        QCOW2;

        /** As {@code format=} has it. */
        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * What was found.
     *
     * @param promised the last record that a flush had made stable
     * @param leaks clusters of a qcow2 image that are lost but do no harm
     * @param troubles sentences that say what is wrong; none if all is well
     */
    public record Result(long promised, long leaks, List<String> troubles) {}

    /** A round of which everything but the format is drawn by lot; the guest writes for 50 to 800 ms. */
    public static CrashRound random(Format format, RandomGenerator random) {
        return new CrashRound(
                format,
                random.nextBoolean() ? "blk" : "scsi",
                2 + random.nextInt(40),
                512 << random.nextInt(8),
                1 + random.nextInt(random.nextBoolean() ? 4 : 200),
                random.nextInt(Integer.MAX_VALUE),
                4096 << random.nextInt(6),
                random.nextInt(50, 800));
    }

    /**
     * Makes an image, runs and kills the VMM, and looks.
     *
     * @param vmm the words that start the {@code vmm} command; the process must be the VMM's own
     * @param diskOptions more {@code ,KEY=VALUE} for the disk, or nothing
     * @param folder where the image is; it is left behind if anything is wrong
     */
    public Result run(List<String> vmm, String diskOptions, Path folder) throws IOException, InterruptedException {
        Path image = folder.resolve("crash." + format.word());
        createImage(image);
        Path guest = BuiltinGuest.LOAD.extract(folder);
        List<String> command = new ArrayList<>(vmm);
        command.addAll(List.of("run", "--memory", "64M", "--kernel", guest.toString(), "--append", job()));
        command.addAll(List.of("--disk", disk(image, diskOptions)));
        List<String> console = new ArrayList<>();
        long blocks = writeAndKill(command, folder, console);
        List<String> troubles = new ArrayList<>();
        long leaks = 0;
        Path raw = image;
        if (format == Format.QCOW2) {
            leaks = check(image, troubles);
            raw = folder.resolve("crash.converted");
            tool(List.of("qemu-img", "convert", "-f", "qcow2", "-O", "raw", image.toString(), raw.toString()), 0);
        }
        Records records = new Records(seed, blockSize, blocks);
        long promised = records.promised(console);
        troubles.addAll(records.missing(raw, promised));
        troubles.addAll(records.strangers(raw));
        startAgain(vmm, image, diskOptions, folder, troubles);
        if (troubles.isEmpty()) {
            Files.delete(image);
            Files.deleteIfExists(raw);
        }
        return new Result(promised, leaks, troubles);
    }

    private String job() {
        return "rw=records seconds=0 dev=" + device + " qd=" + depth + " bs=" + blockSize + " flush-every=" + flushEvery
                + " seed=" + seed;
    }

    private String disk(Path image, String diskOptions) {
        return "file=" + image + ",bus=" + (device.equals("blk") ? "virtio" : "scsi")
                + (format == Format.RAW ? "" : ",format=" + format.word()) + diskOptions;
    }

    private void createImage(Path image) throws IOException, InterruptedException {
        Files.deleteIfExists(image);
        switch (format) {
            case RAW -> {
                try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
                    file.setLength(SIZE);
                }
            }
            case QCOW2 ->
                tool(
                        List.of(
                                "qemu-img",
                                "create",
                                "-q",
                                "-f",
                                "qcow2",
                                "-o",
                                "cluster_size=" + clusterSize,
                                image.toString(),
                                Integer.toString(SIZE)),
                        0);
        }
    }

    /** Returns how many blocks the guest has seen. */
    private long writeAndKill(List<String> command, Path folder, List<String> console)
            throws IOException, InterruptedException {
        Path errors = folder.resolve("errors");
        Process process =
                new ProcessBuilder(command).redirectError(errors.toFile()).start();
        Thread limit = Thread.ofVirtual().start(() -> killLater(process, TimeUnit.SECONDS.toMillis(LIMIT_SECONDS)));
        long blocks = 0;
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.ISO_8859_1))) {
            // The last line counts only if its end has been printed; no other line of the guest's ends in a blank.
            StringBuilder line = new StringBuilder();
            for (int c = lines.read(); c >= 0; c = lines.read()) {
                if (c != '\n') {
                    line.append((char) c);
                    continue;
                }
                console.add(line.toString().strip());
                line.setLength(0);
                Matcher begin = BLOCKS.matcher(console.getLast());
                if (begin.matches()) {
                    blocks = Long.parseLong(begin.group(1));
                    Thread.ofVirtual().start(() -> killLater(process, killAfterMillis));
                }
            }
        } finally {
            process.destroyForcibly().waitFor();
            limit.interrupt();
        }
        if (blocks == 0 || console.getLast().startsWith("Failed")) {
            throw new IOException("The guest did not write: " + (console.isEmpty() ? "" : console.getLast()) + " "
                    + Files.readString(errors).strip());
        }
        return blocks;
    }

    private static void killLater(Process process, long millis) {
        try {
            Thread.sleep(millis);
            // By its handle, since the process object would close its output, which somebody reads to the end.
            process.toHandle().destroyForcibly();
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
        }
    }

    /** Adds what qemu-img finds wrong, and returns how many clusters have leaked. */
    private static long check(Path image, List<String> troubles) throws IOException, InterruptedException {
        // Status 2 stands for corruption, 3 for leaks.
        String words = tool(List.of("qemu-img", "check", "-f", "qcow2", "--output=json", image.toString()), 3);
        long leaks = 0;
        Matcher count = COUNT.matcher(words);
        while (count.find()) {
            if (count.group(1).equals("leaks")) {
                leaks = Long.parseLong(count.group(2));
            } else if (!count.group(2).equals("0")) {
                troubles.add("qemu-img counts " + count.group(2) + " " + count.group(1) + ".");
            }
        }
        return leaks;
    }

    /** The image can be opened once more, and a guest reads it. */
    private void startAgain(List<String> vmm, Path image, String diskOptions, Path folder, List<String> troubles)
            throws IOException, InterruptedException {
        Path guest = BuiltinGuest.DISKS.extract(folder);
        List<String> command = new ArrayList<>(vmm);
        command.addAll(List.of("run", "--memory", "64M", "--debug-exit", "--kernel", guest.toString()));
        command.addAll(List.of("--disk", disk(image, diskOptions)));
        Path output = folder.resolve("again");
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        boolean ended = process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS);
        process.destroyForcibly().waitFor();
        if (!ended || process.exitValue() != BuiltinGuest.SUCCESS_STATUS) {
            troubles.add("The image could not be used again: "
                    + Files.readString(output, StandardCharsets.ISO_8859_1).strip());
        }
    }

    private static String tool(List<String> command, int highestStatus) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String words = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() > highestStatus) {
            throw new IOException(String.join(" ", command) + " failed: " + words.strip());
        }
        return words;
    }

    /** The parameters in a line. */
    @Override
    public String toString() {
        return format.word() + " " + device + " qd " + depth + " bs " + blockSize + " flush every " + flushEvery
                + (format == Format.QCOW2 ? " clusters of " + clusterSize : "") + " seed " + seed + ", killed after "
                + killAfterMillis + " ms";
    }
}
