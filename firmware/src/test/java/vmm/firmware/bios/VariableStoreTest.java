package vmm.firmware.bios;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vmm.linux.HostException;
import vmm.platform.NorFlash;

class VariableStoreTest {
    private static final int SIZE = 2 * NorFlash.BLOCK;

    @TempDir
    Path folder;

    private static byte[] template() {
        byte[] template = new byte[SIZE];
        new Random(1).nextBytes(template);
        return template;
    }

    private static void assertRefused(String part, Path file) {
        HostException refused = assertThrows(
                HostException.class,
                () -> VariableStore.inFile(file, template()).close());
        assertTrue(refused.toString().contains(part), refused::toString);
        assertTrue(refused.toString().contains(file.toString()), refused::toString);
        assertTrue(refused.toString().contains("--firmware-vars"), refused::toString);
    }

    @Test
    void aNewFileIsTheTemplate() throws IOException {
        Path file = folder.resolve("vars.fd");
        try (VariableStore store = VariableStore.inFile(file, template())) {
            assertArrayEquals(template(), store.bytes().toArray(JAVA_BYTE));
            assertArrayEquals(template(), Files.readAllBytes(file));
        }
        try (var left = Files.list(folder)) {
            assertEquals(1, left.count(), "nothing but the file");
        }
    }

    @Test
    void aChangeIsInTheFileAtOnceAndThereIsNoMoreOfIt() throws IOException {
        Path file = folder.resolve("vars.fd");
        byte[] expected = template();
        try (VariableStore store = VariableStore.inFile(file, template())) {
            byte[] block = new byte[NorFlash.BLOCK];
            Arrays.fill(block, (byte) 0xff);
            assertTrue(store.put(NorFlash.BLOCK, block, NorFlash.BLOCK));
            assertTrue(store.put(7, new byte[] {1, 2}, 1));
            System.arraycopy(block, 0, expected, NorFlash.BLOCK, NorFlash.BLOCK);
            expected[7] = 1;
            assertArrayEquals(expected, Files.readAllBytes(file));
            assertArrayEquals(expected, store.bytes().toArray(JAVA_BYTE));
        }
        try (VariableStore again = VariableStore.inFile(file, template())) {
            assertArrayEquals(expected, again.bytes().toArray(JAVA_BYTE));
        }
    }

    @Test
    void anEmptyFileIsMadeANewOne() throws IOException {
        Path file = Files.createFile(folder.resolve("vars.fd"));
        Files.write(folder.resolve("vars.fd.new"), new byte[3]);
        VariableStore.inFile(file, template()).close();
        assertArrayEquals(template(), Files.readAllBytes(file));
    }

    @Test
    void aFileInUseIsLeftToItsUser() {
        Path file = folder.resolve("vars.fd");
        VariableStore first = VariableStore.inFile(file, template());
        assertRefused("in use by another virtual machine", file);
        first.close();
        VariableStore.inFile(file, template()).close();
    }

    @Test
    void aFileOfAnotherSizeIsRefusedAndLeftAlone() throws IOException {
        Path file = Files.write(folder.resolve("vars.fd"), new byte[NorFlash.BLOCK]);
        assertRefused("has 4096 bytes, and this firmware keeps them in 8192", file);
        assertEquals(NorFlash.BLOCK, Files.size(file));
    }

    @Test
    void aPlaceThatCannotHaveAFileIsNamed() {
        assertRefused("is a directory", folder);
        assertRefused("there is no folder", folder.resolve("absent").resolve("vars.fd"));
    }

    @Test
    void aStoreInMemoryLeavesNothing() throws IOException {
        try (VariableStore store = VariableStore.inMemory(template())) {
            assertTrue(store.put(0, new byte[] {5}, 1));
            assertEquals(5, store.bytes().get(JAVA_BYTE, 0));
        }
        try (var left = Files.list(folder)) {
            assertFalse(left.findAny().isPresent());
        }
    }
}
