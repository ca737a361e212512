package vmm.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UnixListenerTest {
    @TempDir
    private Path folder;

    @Test
    void aSocketThatNobodyListensOnIsTakenOver() throws Exception {
        Path path = folder.resolve("socket");
        try (ServerSocketChannel killed = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            killed.bind(UnixDomainSocketAddress.of(path));
        }
        assertTrue(UnixListener.isAbandoned(path));
        try (UnixListener listener = UnixListener.open(path)) {
            assertFalse(UnixListener.isAbandoned(path), listener::toString);
            assertThrows(FileAlreadyExistsException.class, () -> UnixListener.open(path));
        }
        assertFalse(Files.exists(path));
    }

    @Test
    void aFileThatIsNoSocketStays() throws Exception {
        Path file = Files.writeString(folder.resolve("notes"), "of the user's");
        assertFalse(UnixListener.isAbandoned(file));
        assertThrows(FileAlreadyExistsException.class, () -> UnixListener.open(file));
        assertEquals("of the user's", Files.readString(file));
    }
}
