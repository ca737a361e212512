package vmm.launcher;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * What Linux's drivers do to a device in its life: both devices on every transport, their drivers taken away and given
 * back a hundred times, the modules loaded again, by the legacy interface too, and a new kernel started on top of the
 * old one. One boot, since it is the boot that takes the time.
 */
class LinuxDriverTest {
    private static final int DISK_SIZE = 1 << 20;
    private static final int REBINDS_OF_EACH = 34;
    private static final int PHASES = 4;

    /** The phase in which virtio_pci has force_legacy=1, which has a say where there is a choice. */
    private static final int FORCED_LEGACY = 2;

    private static final int MIB = 1 << 20;

    /** How much of the disk to boot from each of its files has, after a MiB that begins with their lengths. */
    private static final long BOOT_FILE_ROOM = 32 * MIB;

    /** A hundred lives of a device may leave as much behind as the VMM's own classes and caches still take. */
    private static final long MOST_HEAP_GROWTH = 200_000;

    private static final List<String> TRANSPORTS = List.of("modern", "transitional", "legacy");

    /** The script scans for the one target that each controller has, rather than have Linux ask for 256. */
    private static final List<String> MODULES =
            List.of("scsi_mod scan=manual", "virtio_pci", "virtio_blk", "virtio_scsi", "sd_mod");

    private static LinuxGuest guest;

    @BeforeAll
    static void prepare() throws IOException {
        guest = LinuxGuest.prepare("linux-driver-test.sh", MODULES);
    }

    @AfterAll
    static void cleanUp() throws IOException {
        if (guest != null) {
            guest.close();
        }
    }

    /** A disk and where the guest finds it. */
    private static final class Disk {
        final String slot;
        final String transport;
        private final Path file;
        private final byte[] before = new byte[DISK_SIZE];

        Disk(int slot, String transport) {
            this.slot = "%02x".formatted(slot);
            this.transport = transport;
            this.file = guest.folder().resolve("slot-" + slot + ".img");
            new Random(slot).nextBytes(before);
        }

        void write() throws IOException {
            Files.write(file, before);
        }

        /** Where the function is, and what it offers. */
        String place() {
            return "slot=" + Integer.parseInt(slot, 16) + ",virtio=" + transport
                    + (transport.equals("modern") ? ",packed=on" : "");
        }

        /**
         * That the guest used the interface that was to be expected in each phase, read the first half, and copied
         * parts of it into the second half.
         */
        void check(LinuxGuest.Boot run) throws IOException {
            byte[] after = before.clone();
            for (int phase = 0; phase < PHASES; phase++) {
                String name = phase + "." + slot;
                boolean modern = phase == FORCED_LEGACY ? transport.equals("modern") : !transport.equals("legacy");
                assertEquals(modern ? "1" : "0", run.fact(name + ".version1"), name);
                assertEquals(transport.equals("modern") ? "1" : "0", run.fact(name + ".packed"), name);
                assertEquals(sha256(Arrays.copyOf(before, DISK_SIZE / 2)), run.fact(name + ".sha256"), name);
                assertEquals("0", run.fact(name + ".write"), name);
                System.arraycopy(before, phase << 16, after, (8 + phase) << 16, 1 << 16);
            }
            for (int time = 0; time < REBINDS_OF_EACH; time++) {
                System.arraycopy(before, time << 12, after, (192 + time) << 12, 1 << 12);
            }
            assertArrayEquals(after, Files.readAllBytes(file), "slot " + slot);
        }

        private static String sha256(byte[] content) {
            try {
                return HexFormat.of()
                        .formatHex(MessageDigest.getInstance("SHA-256").digest(content));
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    /**
     * What a VMM holds.
     *
     * @param files open ones, by kind
     * @param threads of its own, by name
     * @param heap bytes of live objects
     */
    private record Holdings(Map<String, Integer> files, Map<String, Integer> threads, long heap) {
        /** Threads of the JVM and of the kernel that come and go, and the head of the list of files. */
        private static final String HELPERS = "(C[12] Compiler|Attach Listener|process reaper|iou-|total ).*";

        private static final String PROBE = "ls -l /proc/$1/fd; cat /proc/$1/task/*/comm";

        static Holdings of(long vmm, long heap) {
            Map<String, Integer> files = new HashMap<>();
            Map<String, Integer> threads = new HashMap<>();
            for (String line : guest.say("sh", "-c", PROBE, "probe", Long.toString(vmm))
                    .lines()
                    .toList()) {
                int arrow = line.indexOf(" -> ");
                if (arrow > 0) {
                    files.merge(line.substring(arrow + 4).replaceAll("[0-9]+", "N"), 1, Integer::sum);
                } else if (!line.matches(HELPERS)) {
                    threads.merge(line, 1, Integer::sum);
                }
            }
            return new Holdings(files, threads, heap);
        }

        void assertNoMoreThan(Holdings earlier) {
            assertAll(
                    () -> assertEquals(earlier.files, files),
                    () -> assertEquals(earlier.threads, threads),
                    () -> assertTrue(
                            heap - earlier.heap < MOST_HEAP_GROWTH, () -> "heap: " + earlier.heap + " then " + heap));
        }
    }

    /** Looks at the VMM whenever the guest has printed {@code mark NAME} and waits. */
    private static final class Auditor implements LinuxConsole.Listener {
        private final Map<String, Holdings> holdings = new HashMap<>();

        /** Where the guest waits; empty while it does not. */
        private String mark = "";

        @Override
        public LinuxConsole.Answer heard(String line, long vmm) {
            if (line.startsWith("mark ")) {
                mark = line.substring("mark ".length());
                guest.say("kill", "-QUIT", Long.toString(vmm));
                return LinuxConsole.Answer.NOTHING;
            }
            if (mark.isEmpty()) {
                return LinuxConsole.Answer.NOTHING;
            }
            // The JVM tells of its threads, and of all objects that live; last comes how many bytes they have.
            if (!line.startsWith("Total ")) {
                return LinuxConsole.Answer.FORGET;
            }
            holdings.put(mark, Holdings.of(vmm, Long.parseLong(line.split(" +", 3)[2])));
            mark = "";
            return LinuxConsole.Answer.ENTER;
        }

        Holdings at(String name) {
            return Objects.requireNonNull(holdings.get(name), name);
        }
    }

    /** Puts the kernel, the initramfs and the program that starts them on a disk, for the script to find. */
    private static void writeBootDisk(Path disk) throws IOException, InterruptedException {
        List<Path> files = new ArrayList<>(guest.kernelAndInitrd());
        files.add(compile("kexec.c"));
        try (FileChannel channel = FileChannel.open(disk, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            StringBuilder lengths = new StringBuilder();
            for (int i = 0; i < files.size(); i++) {
                byte[] content = Files.readAllBytes(files.get(i));
                lengths.append(content.length).append(' ');
                channel.write(ByteBuffer.wrap(content), MIB + i * BOOT_FILE_ROOM);
            }
            channel.write(ByteBuffer.wrap(lengths.append('\n').toString().getBytes(US_ASCII)), 0);
            channel.write(ByteBuffer.allocate(MIB), MIB + files.size() * BOOT_FILE_ROOM);
        }
    }

    /** Makes a program of a C file beside this class that needs no library. */
    private static Path compile(String source) throws IOException, InterruptedException {
        Path code = guest.folder().resolve(source);
        Path program = guest.folder().resolve(source + ".elf");
        Path log = guest.folder().resolve(source + ".log");
        try (InputStream lines = LinuxDriverTest.class.getResourceAsStream(source)) {
            Files.copy(lines, code);
        }
        List<String> command = new ArrayList<>(List.of("gcc", "-Os", "-static", "-nostdlib", "-ffreestanding"));
        command.addAll(List.of("-fno-stack-protector", "-o", program.toString(), code.toString()));
        try {
            int status = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start()
                    .waitFor();
            assertEquals(0, status, () -> log.toString());
        } catch (IOException notThere) {
            assumeTrue(false, "gcc is not installed");
        }
        return program;
    }

    @Test
    void driversComeAndGoAsOftenAsTheyLike() throws Exception {
        Path bootDisk = guest.folder().resolve("boot.img");
        writeBootDisk(bootDisk);
        List<String> options = new ArrayList<>(List.of("--memory", "512M"));
        options.addAll(List.of("--disk", "bus=virtio,slot=10,readonly,file=" + bootDisk));
        List<Disk> disks = new ArrayList<>();
        for (int i = 0; i < TRANSPORTS.size(); i++) {
            Disk scsi = new Disk(4 + i, TRANSPORTS.get(i));
            options.addAll(List.of("--controller", "scsi,index=" + i + "," + scsi.place()));
            options.addAll(List.of("--disk", "controller=" + i + ",file=" + scsi.file));
            Disk blk = new Disk(7 + i, TRANSPORTS.get(i));
            options.addAll(List.of("--disk", "bus=virtio," + blk.place() + ",file=" + blk.file));
            disks.addAll(List.of(scsi, blk));
        }
        Auditor auditor = new Auditor();
        LinuxGuest.Boot run = guest.boot(
                () -> {
                    for (Disk disk : disks) {
                        disk.write();
                    }
                },
                "",
                options,
                auditor);

        assertEquals(0, run.status(), run::console);
        assertEquals(Integer.toString(disks.size() * REBINDS_OF_EACH), run.fact("rebound"), run::console);
        assertEquals("3", run.fact("reloaded"), run::console);
        for (Disk disk : disks) {
            disk.check(run);
        }
        auditor.at("again").assertNoMoreThan(auditor.at("before"));
    }
}
