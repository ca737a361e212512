package vmm.launcher;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import vmm.lab.GuestImages;

/**
 * An unmodified Linux kernel of the distribution's, with a disk of each kind. Each boot checks as much as it can, since
 * it is the boot that takes the time.
 */
class LinuxGuestTest {
    private static final int DISK_SIZE = 8 << 20;
    private static final int PATTERN_OFFSET = 3 << 20;
    private static final int PATTERN_SIZE = 1 << 20;

    private static LinuxGuest guest;

    @BeforeAll
    static void prepare() throws IOException {
        List<String> modules = new ArrayList<>(GuestImages.DISK_MODULES);
        modules.addAll(List.of("button", "evdev"));
        guest = LinuxGuest.prepare("linux-guest-test.sh", modules);
    }

    @AfterAll
    static void cleanUp() throws IOException {
        if (guest != null) {
            guest.close();
        }
    }

    /** One boot: what the guest said of itself, and its two disks before and after. */
    private static final class Boot {
        private final Path scsi;
        private final Path blk;
        private final byte[] scsiBefore;
        private final byte[] blkBefore;
        private volatile String stopSaid = "";
        private LinuxGuest.Boot end = new LinuxGuest.Boot(-1, "", Map.of());

        Boot(String name, long seed) {
            Random random = new Random(seed);
            scsiBefore = new byte[DISK_SIZE];
            random.nextBytes(scsiBefore);
            blkBefore = new byte[DISK_SIZE];
            random.nextBytes(blkBefore);
            scsi = guest.folder().resolve(name + "-scsi.img");
            blk = guest.folder().resolve(name + "-blk.img");
        }

        void run(String kernelOptions, String... vmmOptions) throws IOException {
            List<String> options = new ArrayList<>(List.of(vmmOptions));
            options.addAll(List.of("--disk", "bus=scsi,serial=SCSI-SERIAL-1,file=" + scsi));
            options.addAll(List.of("--disk", "bus=virtio,serial=BLK-SERIAL-1,file=" + blk));
            end = guest.boot(this::writeImages, kernelOptions, options, this::heard);
        }

        private LinuxConsole.Answer heard(String line, long vmm) {
            if (line.equals("fact button waiting")) {
                // It ends only when the guest has, whose last words somebody has to hear.
                Thread.ofPlatform().daemon().start(() -> stopSaid = guest.stop());
            }
            return LinuxConsole.Answer.NOTHING;
        }

        private void writeImages() throws IOException {
            Files.write(scsi, scsiBefore);
            Files.write(blk, blkBefore);
        }

        String fact(String name) {
            return end.fact(name);
        }

        void checkDisks() throws IOException {
            assertEquals(0, end.status(), end::console);
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
    void oneProcessorReadsAndWritesBothDisksAndShutsDownByThePowerButton() throws Exception {
        Boot boot = new Boot("one", 1);
        boot.run("test=button", "--memory", "256M", "--cpus", "1");
        boot.checkDisks();
        assertEquals("1", boot.fact("cpus"));
        assertEquals("pressed", boot.fact("button"));
        VmmRun.await("vmm stop", () -> boot.stopSaid.endsWith(" is off.\n"));
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
        assertTrue(
                Integer.parseInt(boot.fact("acpi.errors")) == 0, () -> boot.fact("acpi.errors") + boot.end.console());
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
        assertEquals(0, boot.end.status(), boot.end::console);
        assertEquals("8", boot.fact("cpus"));
    }

    @Test
    void aGuestThatResetsEndsTheMachineIfTheUserChoseSo() throws IOException {
        Boot boot = new Boot("reset", 4);
        boot.run("test=reboot", "--memory", "256M");
        assertEquals(0, boot.end.status(), boot.end::console);
        assertEquals("1", boot.fact("cpus"));
        assertFalse(boot.end.facts().containsKey("sda.sha256"), boot.end::console);
    }
}
