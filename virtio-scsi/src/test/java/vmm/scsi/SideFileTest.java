package vmm.scsi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is kept beside an image. */
class SideFileTest {
    @TempDir
    private Path folder;

    private Path path;
    private SideFile file;

    @BeforeEach
    void name() {
        path = folder.resolve("disk.img.notes");
        file = new SideFile(path, "notes, format 1");
    }

    @Test
    void whatWasWrittenLastIsRead() throws IOException {
        assertEquals(Optional.empty(), file.read());

        file.write(List.of("one", "two"), true);
        file.write(List.of("three"), false);

        assertEquals(Optional.of(List.of("three")), file.read());
        file.remove();
        assertEquals(Optional.empty(), file.read());
    }

    @Test
    void nothingIsLeftBesideIt() throws IOException {
        file.write(List.of("one"), true);

        try (var found = Files.list(folder)) {
            assertEquals(List.of(path), found.toList());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "crc32c ", "crc32c 00000000\n", "notes, format 1\n", "notes, format 1\ncrc32c 00000000\n"})
    void whatItHasNotWrittenItDoesNotRead(String text) throws IOException {
        Files.writeString(path, text);

        assertThrows(IOException.class, file::read);
    }

    @Test
    void oneBitThatIsWrongIsFound() throws IOException {
        file.write(List.of("one"), true);
        byte[] bytes = Files.readAllBytes(path);
        for (int i = 0; i < bytes.length; i++) {
            byte[] damaged = bytes.clone();
            damaged[i] ^= 1;
            Files.write(path, damaged);
            assertThrows(IOException.class, file::read, "byte " + i);
        }
    }

    @Test
    void aFileOfAnotherKindIsNamed() throws IOException {
        file.write(List.of("one"), true);

        IOException refused = assertThrows(IOException.class, () -> new SideFile(path, "other, format 1").read());

        assertEquals("it does not begin with \"other, format 1\"", refused.getMessage());
        assertTrue(Files.exists(path));
    }
}
