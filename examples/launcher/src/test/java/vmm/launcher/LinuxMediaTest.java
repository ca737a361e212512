package vmm.launcher;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import vmm.lab.GuestImages;

/**
 * Media that change while Linux uses them: a disc is mounted, taken out, and found to be another one; disks of both
 * kinds grow. One boot, since it is the boot that takes the time.
 */
class LinuxMediaTest {
    private static final int MIB = 1 << 20;
    private static final int SECTOR = 512;
    private static final Path GENISOIMAGE = Path.of("/usr/bin/genisoimage");
    private static final List<String> DISKS = List.of("sda", "vda");

    private LinuxGuest.Boot boot = new LinuxGuest.Boot(-1, "", Map.of());

    /** Does on the host what the guest asks for. */
    private static final class Host implements LinuxConsole.Listener {
        private final LinuxGuest guest;

        Host(LinuxGuest guest) {
            this.guest = guest;
        }

        @Override
        public LinuxConsole.Answer heard(String line, long vmm) {
            switch (line) {
                case "the tray is open" -> {
                    Path tray = guest.folder().resolve("tray.iso");
                    guest.say("rm", tray.toString());
                    guest.say("cp", guest.folder().resolve("second.iso").toString(), tray.toString());
                }
                case "the disks may grow" ->
                    DISKS.forEach(disk ->
                            guest.say("truncate", "-s", "2M", image(guest, disk).toString()));
                default -> {
                    return LinuxConsole.Answer.NOTHING;
                }
            }
            return LinuxConsole.Answer.ENTER;
        }
    }

    private static Path image(LinuxGuest guest, String disk) {
        return guest.folder().resolve(disk + ".img");
    }

    private static byte[] random(int bytes) {
        byte[] data = new byte[bytes];
        new Random(bytes).nextBytes(data);
        return data;
    }

    /** An ISO 9660 image with a file that says its name, and one of so many bytes. */
    private static Path disc(LinuxGuest guest, String name, int bytes) throws IOException, InterruptedException {
        Path content = Files.createDirectory(guest.folder().resolve(name));
        Files.writeString(content.resolve("name.txt"), name + "\n");
        Files.write(content.resolve("data.bin"), random(bytes));
        Path image = guest.folder().resolve(name + ".iso");
        Process process = new ProcessBuilder(
                        GENISOIMAGE.toString(), "-quiet", "-R", "-o", image.toString(), content.toString())
                .inheritIO()
                .start();
        assertEquals(0, process.waitFor());
        return image;
    }

    private static String sha256(byte[] content) throws NoSuchAlgorithmException {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
    }

    private void assertFact(String expected, String name) {
        assertEquals(expected, boot.fact(name), name);
    }

    @Test
    void linuxSeesAnotherDiscAndDisksThatGrow() throws Exception {
        assumeTrue(Files.isExecutable(GENISOIMAGE), "genisoimage is not installed");
        List<String> modules = new ArrayList<>(GuestImages.DISK_MODULES);
        modules.addAll(List.of("cdrom", "sr_mod", "isofs"));
        try (LinuxGuest guest = LinuxGuest.prepare(
                "linux-media-test.sh", modules, Path.of("/usr/bin/eject"), Path.of("/usr/bin/sg_raw"))) {
            Path first = disc(guest, "first", 300_000);
            Path second = disc(guest, "second", 700_000);
            Path tray = guest.folder().resolve("tray.iso");
            long firstSectors = Files.size(first) / SECTOR;
            long secondSectors = Files.size(second) / SECTOR;
            List<String> options = new ArrayList<>(List.of("--memory", "512M", "--cpus", "1"));
            options.addAll(List.of("--disk", "type=cdrom,serial=DRIVE-1,file=" + tray));
            options.addAll(List.of("--disk", "file=" + image(guest, "sda")));
            options.addAll(List.of("--disk", "bus=virtio,file=" + image(guest, "vda")));
            boot = guest.boot(
                    () -> {
                        Files.copy(first, tray, StandardCopyOption.REPLACE_EXISTING);
                        for (String disk : DISKS) {
                            Files.write(image(guest, disk), random(MIB));
                        }
                    },
                    "sectors=" + firstSectors + "," + secondSectors,
                    options,
                    new Host(guest));

            assertEquals(0, boot.status(), boot::console);
            checkDrive(Files.size(first) / 2048);
            checkDisc("first", first);
            checkLock();
            assertFact("0", "eject");
            assertNotEquals("0", boot.fact("open.read"), "reading while the tray is open");
            assertFact("0", "load");
            checkDisc("second", second);
            assertNotEquals(boot.fact("first.seq"), boot.fact("second.seq"), "the media change that Linux counts");
            for (String disk : DISKS) {
                checkGrowth(disk, Files.readAllBytes(image(guest, disk)));
            }
        }
    }

    private void checkDrive(long blocks) {
        String lead = HexFormat.of().toHexDigits((int) blocks);
        assertAll(
                () -> assertFact("VIRTUAL CD-ROM", "model"),
                () -> assertFact("DRIVE-1", "serial"),
                () -> assertFact("t10.VMM VIRTUAL CD-ROM DRIVE-1", "wwid"),
                () -> assertFact("1 1 1 1", "capabilities"),
                () -> assertFact("0008", "profile"),
                () -> assertFact("0012010100140100000000000014aa00" + lead, "toc"));
    }

    private void checkDisc(String name, Path image) throws Exception {
        assertFact("0", name + ".mount");
        assertFact(name, name + ".name");
        assertFact(sha256(Files.readAllBytes(image)), name + ".sha256");
    }

    /** While Linux has the drive open its door is locked: no command of another program's opens it. */
    private void checkLock() {
        assertFact("1", "locked");
        assertFact("0", "locked.read");
    }

    private void checkGrowth(String disk, byte[] after) {
        assertFact(Integer.toString(MIB / SECTOR), disk + ".before");
        assertFact(Integer.toString(2 * MIB / SECTOR), disk + ".after");
        assertFact("0", disk + ".write");
        byte[] content = random(MIB);
        assertArrayEquals(content, Arrays.copyOf(after, MIB), disk);
        assertArrayEquals(content, Arrays.copyOfRange(after, MIB, 2 * MIB), disk + ", its new part");
    }
}
