package vmm.firmware.bios;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import vmm.linux.HostException;

class FirmwareTest {
    private static final int VARIABLES_SIZE = 0x8_4000;
    private static final int CODE_SIZE = (4 << 20) - VARIABLES_SIZE;

    @TempDir
    Path folder;

    /** A firmware volume: nothing but its header. */
    private static byte[] volume(int size, boolean variables) {
        ByteBuffer volume = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
        if (variables) {
            volume.putLong(16, 0x4c8b_7696_fff1_2b8dL).putLong(24, 0x504f_5b07_4727_85a9L);
        }
        volume.putLong(32, size).putInt(40, 0x4856465f);
        return volume.array();
    }

    private Path file(String name, byte[] bytes) throws IOException {
        return Files.write(
                Files.createDirectories(folder.resolve(name).getParent())
                        .resolve(folder.resolve(name).getFileName()),
                bytes);
    }

    private static void assertRefused(Path file, Optional<Path> variables, String... parts) {
        HostException refused = assertThrows(
                HostException.class, () -> Firmware.of(file, variables).close());
        for (String part : parts) {
            assertTrue(String.valueOf(refused.getMessage()).contains(part), refused::toString);
        }
    }

    private static void assertUefi(Firmware firmware) {
        assertEquals(0xffc8_4000L, firmware.rom().start());
        assertEquals(CODE_SIZE, firmware.rom().bytes().byteSize());
        assertEquals(0xffc0_0000L, firmware.variablesStart());
        assertEquals(VARIABLES_SIZE, firmware.variables().orElseThrow().bytes().byteSize());
        assertEquals('_', firmware.variables().orElseThrow().bytes().get(JAVA_BYTE, 40));
    }

    @Test
    void codeHasItsTemplateBesideItAndItsVariablesJustBelowIt() throws IOException {
        file("OVMF_VARS_4M.fd", volume(VARIABLES_SIZE, true));
        Path code = file("OVMF_CODE_4M.fd", volume(CODE_SIZE, false));
        try (Firmware firmware = Firmware.of(code, Optional.empty())) {
            assertUefi(firmware);
        }
        Path kept = folder.resolve("kept.fd");
        Firmware.of(code, Optional.of(kept)).close();
        assertEquals(VARIABLES_SIZE, Files.size(kept));
    }

    @Test
    void aFileWithBothIsTakenApart() throws IOException {
        byte[] both = Arrays.copyOf(volume(VARIABLES_SIZE, true), 4 << 20);
        both[VARIABLES_SIZE] = 9;
        try (Firmware firmware = Firmware.of(file("OVMF.fd", both), Optional.empty())) {
            assertUefi(firmware);
            assertEquals(9, firmware.rom().bytes().get(JAVA_BYTE, 0));
        }
    }

    @Test
    void codeWithoutATemplateHasNoFlash() throws IOException {
        Path code = file("my.fd", volume(CODE_SIZE, false));
        try (Firmware firmware = Firmware.of(code, Optional.empty())) {
            assertTrue(firmware.variables().isEmpty());
        }
        assertRefused(code, Optional.of(folder.resolve("v")), code.toString(), "put its VARS file beside it");
    }

    @Test
    void whatIsNoUefiFirmwareKeepsNoVariables() throws IOException {
        byte[] bytes = new byte[256 << 10];
        bytes[bytes.length - 16] = (byte) 0xEA;
        Path bios = file("bios.bin", bytes);
        assertRefused(bios, Optional.of(folder.resolve("v")), bios.toString(), "--firmware-vars");
        try (Firmware firmware = Firmware.of(bios, Optional.empty())) {
            assertTrue(firmware.variables().isEmpty());
            assertEquals(firmware.rom().start(), firmware.variablesStart());
        }
    }

    @Test
    void aFileWithoutCodeWhereAProcessorBeginsIsRefused() throws IOException {
        byte[] bytes = new byte[128 << 10];
        bytes[bytes.length - 17] = 1;
        assertRefused(file("zeros", bytes), Optional.empty(), "zeros has nothing in its last 16 bytes");
        Arrays.fill(bytes, (byte) 0xFF);
        assertRefused(file("ones", bytes), Optional.empty(), "ones has nothing in its last 16 bytes");
        bytes[bytes.length - 16] = (byte) 0xEA;
        Firmware.of(file("code", bytes), Optional.empty()).close();
    }

    @Test
    void aStoreIsNoFirmware() throws IOException {
        Path variables = file("OVMF_VARS.fd", volume(VARIABLES_SIZE, true));
        assertRefused(variables, Optional.empty(), variables.toString(), "no code", "--firmware-vars");
    }

    /** Arch and Debian give one build several names. */
    @Test
    void aBuildForSecureBootIsRefusedByTheNameOfWhatALinkLeadsTo() throws IOException {
        Path code = file("OVMF_CODE.secboot.fd", volume(CODE_SIZE, false));
        Path link = Files.createSymbolicLink(folder.resolve("OVMF_CODE.ms.fd"), code);
        assertRefused(link, Optional.empty(), link.toString(), "system management mode", "--firmware ovmf");
    }

    @ParameterizedTest
    @CsvSource({
        "usr/share/OVMF/OVMF_CODE_4M.fd, usr/share/OVMF/OVMF_VARS_4M.fd",
        "usr/share/edk2/ovmf/OVMF_CODE.fd, usr/share/edk2/ovmf/OVMF_VARS.fd",
        "usr/share/edk2/x64/OVMF_CODE.4m.fd, usr/share/edk2/x64/OVMF_VARS.4m.fd",
        "usr/share/qemu/edk2-x86_64-code.fd, usr/share/qemu/edk2-i386-vars.fd"
    })
    void ovmfIsFoundWhereDistributionsPutIt(String code, String template) throws IOException {
        file(code, new byte[1]);
        HostException half = assertThrows(HostException.class, () -> Ovmf.find(folder));
        assertTrue(half.toString().contains("install the package ovmf"), half::toString);
        file(template, new byte[1]);
        assertEquals(new Ovmf.Build(folder.resolve(code), folder.resolve(template)), Ovmf.find(folder));
    }
}
