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
import java.util.Arrays;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class BuiltinGuestTest {
    private static final Path SCRIPT = Path.of("src/main/c/build.sh").toAbsolutePath();
    private static final Pattern COMPILER = Pattern.compile("GCC: [ -~]+");
    private static final int KIB = 1024;
    private static final int PT_NOTE = 4;

    @ParameterizedTest
    @EnumSource
    void everyGuestIsASmallElfFileWithAPvhEntry(BuiltinGuest guest) {
        byte[] bytes = guest.bytes();
        assertTrue(bytes.length < 16 * KIB);
        ByteBuffer elf = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        assertEquals(0x464C457F, elf.getInt(0));
        int programHeaders = (int) elf.getLong(32);
        int notes = 0;
        for (int i = 0; i < elf.getShort(56); i++) {
            int header = programHeaders + i * elf.getShort(54);
            if (elf.getInt(header) == PT_NOTE) {
                int note = (int) elf.getLong(header + 8);
                assertEquals(18, elf.getInt(note + 8), "XEN_ELFNOTE_PHYS32_ENTRY");
                assertEquals(elf.getLong(24), elf.getInt(note + 16), "the entry");
                notes++;
            }
        }
        assertEquals(1, notes);
    }

    @ParameterizedTest
    @EnumSource
    void aBootSectorIsASectorThatABiosStarts(BootSector boot) {
        byte[] sector = boot.bytes();
        assertEquals(512, sector.length);
        assertEquals(0x55, sector[510]);
        assertEquals((byte) 0xaa, sector[511]);
        byte[] disk = boot.disk("text", 4096);
        assertEquals(4096, disk.length);
        assertArrayEquals(sector, Arrays.copyOf(disk, 512));
        assertEquals("text\0", new String(disk, 512, 5, StandardCharsets.US_ASCII));
    }

    @Test
    void extractingWritesTheFile(@TempDir Path directory) throws Exception {
        Path file = BuiltinGuest.ECHO.extract(directory);
        assertEquals(directory.resolve("echo.elf"), file);
        assertArrayEquals(BuiltinGuest.ECHO.bytes(), Files.readAllBytes(file));
    }

    /** The committed files are what their sources make; another compiler than theirs has to accept the sources. */
    @Test
    @Timeout(120)
    void theFilesAreBuiltFromTheirSources(@TempDir Path directory) throws Exception {
        assumeTrue(Tools.installed("gcc"), "gcc is not installed");
        Path log = directory.resolve("log");
        Process build = new ProcessBuilder(SCRIPT.toString(), directory.toString())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        int status = build.waitFor();
        assertEquals("", Files.readString(log), "no warnings");
        assertEquals(0, status);
        byte[] rebuilt = Files.readAllBytes(directory.resolve(BuiltinGuest.DISKS.fileName()));
        assumeTrue(
                compiler(rebuilt).equals(compiler(BuiltinGuest.DISKS.bytes())),
                () -> "built without complaint, not compared: this is " + compiler(rebuilt) + ", the files are by "
                        + compiler(BuiltinGuest.DISKS.bytes()));
        for (BuiltinGuest guest : BuiltinGuest.values()) {
            assertArrayEquals(guest.bytes(), Files.readAllBytes(directory.resolve(guest.fileName())), guest.fileName());
        }
        assertArrayEquals(BootKernel.bytes(), Files.readAllBytes(directory.resolve(BootKernel.FILE_NAME)));
        for (BootSector sector : BootSector.values()) {
            assertArrayEquals(
                    sector.bytes(), Files.readAllBytes(directory.resolve(sector.fileName())), sector.fileName());
        }
    }

    /** What the compiler left in the .comment section. */
    private static String compiler(byte[] elf) {
        var matcher = COMPILER.matcher(new String(elf, StandardCharsets.ISO_8859_1));
        assertTrue(matcher.find(), "no compiler version in the file");
        return matcher.group();
    }
}
