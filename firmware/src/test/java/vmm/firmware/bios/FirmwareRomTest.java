package vmm.firmware.bios;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import vmm.linux.HostException;

class FirmwareRomTest {
    @TempDir
    Path folder;

    private static void assertSays(String part, HostException refused) {
        assertTrue(String.valueOf(refused.getMessage()).contains(part), refused::toString);
    }

    @Test
    void theRomEndsAtFourGibibytesAndItsEndIsBelowOneMebibyteToo() throws IOException {
        byte[] bytes = new byte[256 << 10];
        bytes[0] = 1;
        bytes[128 << 10] = 2;
        bytes[(256 << 10) - 1] = 3;
        try (FirmwareRom rom = FirmwareRom.read(Files.write(folder.resolve("rom"), bytes))) {
            assertEquals(0xfffc_0000L, rom.start());
            assertEquals(1, rom.bytes().get(ValueLayout.JAVA_BYTE, 0));
            assertEquals(128 << 10, rom.legacyBytes().byteSize());
            assertEquals(2, rom.legacyBytes().get(ValueLayout.JAVA_BYTE, 0));
            assertEquals(3, rom.legacyBytes().get(ValueLayout.JAVA_BYTE, (128 << 10) - 1));
        }
    }

    @Test
    void aSmallRomIsWhollyBelowOneMebibyte() throws IOException {
        try (FirmwareRom rom = FirmwareRom.read(Files.write(folder.resolve("rom"), new byte[64 << 10]))) {
            assertEquals(0xffff_0000L, rom.start());
            assertEquals(64 << 10, rom.legacyBytes().byteSize());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 65535, 65537, (16 << 20) + 65536})
    void aFileOfAnotherSizeIsNoRom(int size) throws IOException {
        Path file = Files.write(folder.resolve("rom"), new byte[size]);
        HostException refused = assertThrows(HostException.class, () -> FirmwareRom.read(file));
        assertSays(file + " has " + size + " bytes", refused);
    }

    @Test
    void aFileThatIsNotThereIsNamed() {
        HostException refused = assertThrows(HostException.class, () -> FirmwareRom.read(folder.resolve("absent.bin")));
        assertSays("absent.bin does not exist", refused);
    }

    @ParameterizedTest
    @ValueSource(strings = {"usr/share/seabios", "usr/share/qemu"})
    void seaBiosIsFoundWhereDistributionsPutIt(String place) throws IOException {
        Path file = Files.createDirectories(folder.resolve(place)).resolve("bios-256k.bin");
        HostException absent = assertThrows(HostException.class, () -> SeaBios.find(folder));
        assertSays("install the package seabios", absent);
        Files.createFile(file);
        assertEquals(file, SeaBios.find(folder));
    }
}
