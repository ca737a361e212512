package vmm.guests;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class UefiApplicationTest {
    @Test
    void theApplicationIsAPeFileThatEndsWithItsText() {
        byte[] bytes = UefiApplication.bytes("here");
        ByteBuffer file = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        assertEquals("MZ", new String(bytes, 0, 2, StandardCharsets.US_ASCII));
        int header = file.getInt(0x3c);
        assertEquals(0x4550, file.getInt(header), "PE");
        assertEquals(0x8664, file.getShort(header + 4) & 0xffff, "for x86-64");
        int optional = header + 24;
        int entry = file.getInt(optional + 16);
        assertTrue(entry >= 4096 && entry < bytes.length - 512);
        assertEquals(bytes.length, file.getInt(optional + 56), "as large in memory");
        assertEquals("here\0", new String(bytes, bytes.length - 512, 5, StandardCharsets.US_ASCII));
    }

    /** A second opinion on the file system. */
    @Test
    @Timeout(60)
    void theDiskHasTheApplicationWhereFirmwareLooksForIt(@TempDir Path folder) throws Exception {
        assumeTrue(Tools.installed("mcopy"), "mtools are not installed");
        Path disk = Files.write(folder.resolve("disk"), UefiApplication.disk("there"));
        Path copy = folder.resolve("copy");
        Process mcopy = new ProcessBuilder("mcopy", "-i", disk.toString(), "::/EFI/BOOT/BOOTX64.EFI", copy.toString())
                .inheritIO()
                .start();
        assertEquals(0, mcopy.waitFor());
        assertArrayEquals(UefiApplication.bytes("there"), Files.readAllBytes(copy));
    }
}
