package vmm.block.nbd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import vmm.block.BlockDevice;
import vmm.block.BlockDevices;
import vmm.block.BlockQueue;
import vmm.block.TestRequest;
import vmm.event.EventLoop;
import vmm.event.EventLoops;

@Timeout(60)
class RealServersTest {
    private final EventLoop loop = EventLoops.start("nbd test");

    @TempDir
    Path folder;

    @AfterEach
    void end() {
        loop.close();
    }

    @Test
    void qemuReadsWhatWasWritten() throws Exception {
        Path image = folder.resolve("image");
        Files.write(image, new byte[1 << 20]);
        try (NbdServer server = NbdServer.qemu(folder, image, "-f", "raw")) {
            try (BlockDevice disk = BlockDevices.open(server.uri(), false)) {
                BlockQueue queue = disk.openQueue(loop);
                byte[] bytes = new byte[8192];
                new Random(1).nextBytes(bytes);
                assertEquals(0, TestRequest.write(4096, bytes).run(loop, queue));
                assertEquals(0, TestRequest.flush().run(loop, queue));
                TestRequest read = TestRequest.read(4096, 8192);
                assertEquals(0, read.run(loop, queue));
                assertArrayEquals(bytes, read.bytes());
                assertArrayEquals(bytes, Arrays.copyOfRange(Files.readAllBytes(image), 4096, 4096 + 8192));
            }
        }
    }
}
