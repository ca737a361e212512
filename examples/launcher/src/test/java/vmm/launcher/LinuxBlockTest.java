package vmm.launcher;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * What Linux's drivers make of the features of virtio-blk, and of packed queues on both devices; all in one boot. The
 * disks that it writes are qcow2 images, which can be discarded on any file system.
 */
class LinuxBlockTest {
    private static final int MIB = 1 << 20;
    private static final int DISK_SIZE = 8 * MIB;
    private static final String READ_ONLY = "vdc";

    // Feature bits of virtio 1.3 5.2.3 and 6.
    private static final int SIZE_MAX = 1;
    private static final int SEG_MAX = 2;
    private static final int GEOMETRY = 4;
    private static final int RO = 5;
    private static final int BLK_SIZE = 6;
    private static final int FLUSH = 9;
    private static final int TOPOLOGY = 10;
    private static final int CONFIG_WCE = 11;
    private static final int MQ = 12;
    private static final int DISCARD = 13;
    private static final int WRITE_ZEROES = 14;
    private static final int SECURE_ERASE = 16;
    private static final int RING_PACKED = 34;

    private LinuxGuest.Boot boot = new LinuxGuest.Boot(-1, "", Map.of());

    private static byte[] content(String disk) {
        byte[] content = new byte[DISK_SIZE];
        new Random(disk.hashCode()).nextBytes(content);
        return content;
    }

    private static String sha256(byte[] content) throws NoSuchAlgorithmException {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
    }

    /** Looks at the bits that the driver has accepted. */
    private void assertAccepted(String disk, int... bits) {
        String accepted = boot.fact(disk + ".features");
        for (int bit : bits) {
            assertEquals('1', accepted.charAt(bit), () -> "bit " + bit + " of " + disk + ": " + accepted);
        }
    }

    private void assertNotOffered(String disk, int... bits) {
        String accepted = boot.fact(disk + ".features");
        for (int bit : bits) {
            assertEquals('0', accepted.charAt(bit), () -> "bit " + bit + " of " + disk + ": " + accepted);
        }
    }

    private void assertFact(String expected, String name) {
        assertEquals(expected, boot.fact(name), name);
    }

    /** Read, written, discarded and zeroed, where the script does it. */
    private void assertUsed(String disk, Path image, boolean erased) throws Exception {
        byte[] expected = content(disk);
        assertFact(sha256(expected), disk + ".sha256");
        for (String step : List.of("write", "reread", "blkdiscard", "zeroout")) {
            assertFact("0", disk + "." + step);
        }
        System.arraycopy(expected, 0, expected, 2 * MIB, MIB);
        Arrays.fill(expected, 4 * MIB, (erased ? 7 : 6) * MIB, (byte) 0);
        command("qemu-img", "check", "-q", "-f", "qcow2", image.toString());
        Path raw = image.resolveSibling(disk + ".raw");
        command("qemu-img", "convert", "-f", "qcow2", "-O", "raw", image.toString(), raw.toString());
        assertArrayEquals(expected, Files.readAllBytes(raw), disk);
    }

    private static void command(String... words) throws IOException {
        Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.onExit().join().exitValue(), () -> String.join(" ", words) + ": " + output);
    }

    @Test
    void linuxUsesEveryFeature() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/qemu-img")), "no qemu-img");
        try (LinuxGuest guest = LinuxGuest.prepare("linux-block-test.sh", Path.of("/usr/sbin/blkdiscard"))) {
            List<String> names = List.of("vda", "vdb", "vdc", "vdd", "sda");
            List<String> options = new ArrayList<>(List.of("--memory", "512M", "--cpus", "2"));
            options.addAll(List.of("--controller", "scsi,packed,in-order"));
            List<String> keys = List.of(
                    "bus=virtio,format=qcow2",
                    "bus=virtio,format=qcow2,logical-block=4096,physical-block=8192,packed",
                    "bus=virtio,readonly",
                    "bus=virtio,format=qcow2,packed,in-order,secure-erase",
                    "bus=scsi,format=qcow2");
            for (int i = 0; i < names.size(); i++) {
                String name = names.get(i);
                options.addAll(List.of("--disk", keys.get(i) + ",serial=" + name + "-1,file=" + image(guest, name)));
            }
            boot = guest.boot(() -> writeImages(guest, names), "", options);
            assertEquals(0, boot.status(), boot::console);
            checkFeatures();
            checkLimits();
            checkCache();
            assertUsed("vda", image(guest, "vda"), false);
            assertUsed("vdb", image(guest, "vdb"), false);
            assertUsed("vdd", image(guest, "vdd"), true);
            assertUsed("sda", image(guest, "sda"), false);
            checkReadOnly(image(guest, "vdc"));
        }
    }

    private static Path image(LinuxGuest guest, String name) {
        return guest.folder().resolve(name + ".img");
    }

    private static void writeImages(LinuxGuest guest, List<String> names) throws IOException {
        for (String name : names) {
            Path image = image(guest, name);
            if (name.equals(READ_ONLY)) {
                Files.write(image, content(name));
            } else {
                Path raw = Files.write(image.resolveSibling(name + ".raw"), content(name));
                command("qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw.toString(), image.toString());
            }
        }
    }

    private void checkFeatures() {
        for (String disk : List.of("vda", "vdb", "vdc", "vdd")) {
            assertAll(
                    () -> assertFact(disk + "-1", disk + ".serial"),
                    () -> assertFact(Integer.toString(DISK_SIZE), disk + ".bytes"),
                    () -> assertFact("2", disk + ".queues"),
                    () -> assertFact("2", disk + ".vectors"),
                    () -> assertAccepted(disk, SIZE_MAX, SEG_MAX, GEOMETRY, BLK_SIZE, FLUSH, TOPOLOGY, CONFIG_WCE, MQ));
        }
        assertAccepted("vda", DISCARD, WRITE_ZEROES);
        assertNotOffered("vda", RO, SECURE_ERASE, RING_PACKED);
        assertAccepted("vdb", DISCARD, WRITE_ZEROES, RING_PACKED);
        assertAccepted("vdc", RO);
        assertNotOffered("vdc", DISCARD, WRITE_ZEROES);
        assertAccepted("vdd", DISCARD, WRITE_ZEROES, SECURE_ERASE, RING_PACKED);
        assertAccepted("sda", RING_PACKED);
    }

    private void checkLimits() {
        assertAll(
                () -> assertFact("512 512 512", "vda.blocks"),
                () -> assertFact("4096 8192 8192", "vdb.blocks"),
                () -> assertTrue(boot.fact("vda.discard").startsWith("65536 "), () -> boot.fact("vda.discard")),
                () -> assertTrue(boot.fact("vdb.discard").startsWith("65536 "), () -> boot.fact("vdb.discard")),
                () -> assertNotEquals("0", boot.fact("vda.zeroes")),
                () -> assertFact("0", "vdc.zeroes"),
                () -> assertTrue(
                        boot.fact("geometry").contains("16 heads, 63 sectors/track"), () -> boot.fact("geometry")));
    }

    private void checkCache() {
        assertAll(
                () -> assertFact("write back, write back", "cache.before"),
                () -> assertFact("write through, write through", "cache.through"),
                () -> assertFact("write back, write back", "cache.back"),
                () -> assertFact("0", "cache.before.write"),
                () -> assertFact("0", "cache.through.write"),
                () -> assertFact("0", "cache.back.write"));
    }

    private void checkReadOnly(Path image) throws Exception {
        assertFact("1", "vdc.readonly");
        assertFact("0", "vda.readonly");
        assertFact(sha256(content("vdc")), "vdc.sha256");
        assertNotEquals("0", boot.fact("vdc.write"));
        assertNotEquals("0", boot.fact("vdc.zeroout"));
        assertArrayEquals(content("vdc"), Files.readAllBytes(image));
        assertFact("0", "vdd.erase");
        assertNotEquals("0", boot.fact("vda.erase"));
    }
}
