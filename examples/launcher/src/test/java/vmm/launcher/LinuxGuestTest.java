package vmm.launcher;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import vmm.lab.GuestHost;
import vmm.lab.GuestImages;
import vmm.lab.LabConfig;
import vmm.lab.PackageCache;
import vmm.lab.RunOptions;
import vmm.linux.HostException;

/**
 * An unmodified Linux kernel of the distribution's, with a disk of each kind. Each boot checks as much as it can, since
 * it is the boot that takes the time.
 */
class LinuxGuestTest {
    private static final int DISK_SIZE = 8 << 20;
    private static final int PATTERN_OFFSET = 3 << 20;
    private static final int PATTERN_SIZE = 1 << 20;
    private static final Duration LIMIT = Duration.ofMinutes(10);

    /**
     * How often a boot is tried in the lab. Its processors are emulated, and now and then a guest of several vCPUs dies
     * of a triple fault there or takes the lab with it, under QEMU as under this VMM. On hardware there is one attempt.
     */
    private static final int ATTEMPTS = 3;

    private static GuestHost host;
    private static GuestImages images;
    private static Path folder;
    private static Path initrd;

    @BeforeAll
    static void prepare() throws IOException {
        host = VmmProcess.guestHost();
        assumeTrue(host.place() != GuestHost.Place.NONE, () -> "no Linux guest can run here: " + host.reason());
        images = GuestImages.prepare(PackageCache.defaultFolder(), step -> System.err.println("guest test: " + step));
        Path share = Files.createDirectories(LabConfig.ofEnvironment().share());
        folder = Files.createTempDirectory(share, "linux-guest-test-");
        initrd = folder.resolve("initrd.gz");
        try (InputStream script = LinuxGuestTest.class.getResourceAsStream("linux-guest-test.sh")) {
            images.initramfs(
                            GuestImages.DISK_MODULES,
                            List.of(),
                            new String(script.readAllBytes(), StandardCharsets.UTF_8))
                    .write(initrd);
        }
    }

    @AfterAll
    static void cleanUp() throws IOException {
        if (folder != null) {
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
        if (host != null) {
            host.close();
        }
    }

    /** One boot: what the guest said of itself, and its two disks before and after. */
    private static final class Boot {
        private final Path scsi;
        private final Path blk;
        private final byte[] scsiBefore;
        private final byte[] blkBefore;
        private final Map<String, String> facts = new HashMap<>();
        private String console = "";
        private int status;

        Boot(String name, long seed) throws IOException {
            Random random = new Random(seed);
            scsiBefore = new byte[DISK_SIZE];
            random.nextBytes(scsiBefore);
            blkBefore = new byte[DISK_SIZE];
            random.nextBytes(blkBefore);
            scsi = Files.write(folder.resolve(name + "-scsi.img"), scsiBefore);
            blk = Files.write(folder.resolve(name + "-blk.img"), blkBefore);
        }

        void run(String kernelOptions, String... vmmOptions) throws IOException {
            List<String> arguments = new ArrayList<>(List.of("run", "linux-guest-test", "--no-reboot"));
            arguments.addAll(List.of("--kernel", images.kernel().image().toString(), "--initrd", initrd.toString()));
            arguments.addAll(List.of("--append", "console=ttyS0 quiet panic=-1 " + kernelOptions));
            arguments.addAll(List.of("--disk", "bus=scsi,serial=SCSI-SERIAL-1,file=" + scsi));
            arguments.addAll(List.of("--disk", "bus=virtio,serial=BLK-SERIAL-1,file=" + blk));
            arguments.addAll(Arrays.asList(vmmOptions));
            int attempts = 1;
            while (!runOnce(arguments) && attempts < ATTEMPTS) {
                attempts++;
                System.err.println("guest test: the emulator lost the guest; attempt " + attempts);
                Files.write(scsi, scsiBefore);
                Files.write(blk, blkBefore);
            }
            console.lines().filter(line -> line.startsWith("fact ")).forEach(line -> {
                String[] parts = line.split(" ", 3);
                facts.put(parts[1], parts.length > 2 ? parts[2].strip() : "");
            });
        }

        /** Returns false if the emulator under the lab has failed, rather than the guest or the VMM. */
        private boolean runOnce(List<String> arguments) {
            ByteArrayOutputStream output = new ByteArrayOutputStream();
            boolean inLab = host.place() == GuestHost.Place.LAB;
            try {
                status = host.run(
                        VmmProcess.command(arguments),
                        RunOptions.quiet()
                                .withStreams(InputStream.nullInputStream(), output, output)
                                .withTimeLimit(LIMIT));
            } catch (HostException lost) {
                if (!inLab) {
                    throw lost;
                }
                status = -1;
            }
            console = output.toString(StandardCharsets.UTF_8);
            return !(inLab && (status == -1 || console.contains("met a triple fault")));
        }

        String fact(String name) {
            return facts.getOrDefault(name, "(not told)\n" + console);
        }

        void checkDisks() throws IOException {
            assertEquals(0, status, () -> console);
            assertAll(
                    () -> assertEquals(sha256(scsiBefore), fact("sda.sha256")),
                    () -> assertEquals(sha256(blkBefore), fact("vda.sha256")),
                    () -> assertEquals("SCSI-SERIAL-1", fact("sda.serial")),
                    () -> assertEquals("BLK-SERIAL-1", fact("vda.serial")),
                    () -> assertEquals("0", fact("sda.write")),
                    () -> assertEquals("0", fact("vda.write")),
                    () -> assertEquals("0", fact("sda.reread")),
                    () -> assertEquals("0", fact("vda.reread")));
            // The guest turned its own first MiB around to a place further on; nothing else may have changed.
            assertArrayEquals(withPattern(scsiBefore), Files.readAllBytes(scsi));
            assertArrayEquals(withPattern(blkBefore), Files.readAllBytes(blk));
        }

        private static byte[] withPattern(byte[] before) {
            byte[] after = before.clone();
            System.arraycopy(before, 0, after, PATTERN_OFFSET, PATTERN_SIZE);
            return after;
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

    @Test
    void oneProcessorReadsAndWritesBothDisks() throws IOException {
        Boot boot = new Boot("one", 1);
        boot.run("", "--memory", "256M", "--cpus", "1");
        boot.checkDisks();
        assertEquals("1", boot.fact("cpus"));
    }

    @Test
    void twoProcessorsUseAQueueAndAVectorEach() throws IOException {
        Boot boot = new Boot("two", 2);
        boot.run("", "--memory", "512M", "--cpus", "2");
        boot.checkDisks();
        assertEquals("2", boot.fact("cpus"));
        assertEquals("2", boot.fact("vda.queues"));
        assertEquals("2", boot.fact("sda.queues"));
        assertTrue(Integer.parseInt(boot.fact("msi")) >= 8, () -> "MSI vectors: " + boot.fact("msi"));
        assertTrue(Integer.parseInt(boot.fact("acpi.errors")) == 0, () -> boot.fact("acpi.errors") + boot.console);
    }

    @Test
    void memoryAboveTheHoleAndInterruptLinesWork() throws IOException {
        Boot boot = new Boot("lines", 3);
        boot.run("pci=nomsi", "--memory", "4608M", "--cpus", "2");
        boot.checkDisks();
        assertEquals("0", boot.fact("msi"));
        assertTrue(Long.parseLong(boot.fact("memory.kib")) > 4_400_000, () -> boot.fact("memory.kib"));
    }

    @Test
    void eightProcessorsStart() throws IOException {
        Boot boot = new Boot("eight", 5);
        boot.run("test=reboot", "--memory", "256M", "--cpus", "8");
        assertEquals(0, boot.status, () -> boot.console);
        assertEquals("8", boot.fact("cpus"));
    }

    @Test
    void aGuestThatResetsEndsTheMachineIfTheUserChoseSo() throws IOException {
        Boot boot = new Boot("reset", 4);
        boot.run("test=reboot", "--memory", "256M");
        assertEquals(0, boot.status, () -> boot.console);
        assertEquals("1", boot.fact("cpus"));
        assertFalse(boot.facts.containsKey("sda.sha256"), boot.console);
    }
}
