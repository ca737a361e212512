package vmm.block.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static vmm.block.nbd.ScriptedServer.ALL_FLAGS;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import vmm.block.BlockDevice;
import vmm.block.BlockOptions;
import vmm.block.BlockQueue;
import vmm.block.TestRequest;
import vmm.block.nbd.ScriptedServer.Peer;
import vmm.block.nbd.ScriptedServer.Script;
import vmm.event.EventLoop;
import vmm.event.EventLoops;
import vmm.event.LoopOptions;

/** What tests with a scripted server share: requests of a disk on it. */
@Timeout(60)
abstract class ScriptedTest {
    static final long SIZE = 1 << 26;

    EventLoop loop;

    @TempDir
    Path folder;

    /** What is done with a disk, and the server it is on. */
    @FunctionalInterface
    interface Use {
        void of(BlockDevice disk, BlockQueue queue, ScriptedServer server) throws Exception;
    }

    LoopOptions.Kind kindOfLoop() {
        return LoopOptions.Kind.AUTO;
    }

    @BeforeEach
    void startLoop() {
        loop = EventLoops.start("nbd test", LoopOptions.standard().withKind(kindOfLoop()));
    }

    @AfterEach
    void endLoop() {
        loop.close();
    }

    /** A script that agrees on an export with all flags and then goes on. */
    static Script agreed(Script rest) {
        return agreed(ALL_FLAGS, rest);
    }

    static Script agreed(int flags, Script rest) {
        return peer -> {
            peer.agree(SIZE, flags);
            rest.play(peer);
        };
    }

    /** An honest server, all of whose bytes are {@code fill}. */
    static Script honest(int fill) {
        return agreed(peer -> peer.serve(fill));
    }

    void use(BlockOptions.Cache cache, String parameters, Use use, Script... scripts) throws Exception {
        try (ScriptedServer server = new ScriptedServer(folder, scripts)) {
            BlockOptions raw = BlockOptions.of(server.uri(parameters), false);
            BlockOptions options =
                    new BlockOptions(raw.source(), false, BlockOptions.Format.RAW, cache, BlockOptions.Aio.AUTO, true);
            try (NbdDisk disk = NbdDisk.open(options)) {
                use.of(disk, disk.openQueue(loop), server);
            }
        }
    }

    void use(Use use, Script... scripts) throws Exception {
        use(BlockOptions.Cache.WRITEBACK, "", use, scripts);
    }

    /** What the server saw goes up to the end only once it has seen that. */
    static void awaitLeave(ScriptedServer server) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(2);
        while (!server.asked.contains("disc") && System.nanoTime() < end) {
            Thread.sleep(1);
        }
    }

    int run(BlockQueue queue, TestRequest request) {
        return request.run(loop, queue);
    }

    /** Starts all requests at once. */
    void start(BlockQueue queue, List<TestRequest> requests) {
        loop.post(() -> requests.forEach(queue::submit));
    }

    static void assertFilled(int fill, TestRequest request) {
        byte[] bytes = request.bytes();
        for (int i = 0; i < bytes.length; i++) {
            assertEquals((byte) fill, bytes[i], "byte " + i);
        }
    }

    /** Answers {@code count} requests as {@link Peer#serve} does. */
    static void serveSome(Peer peer, int count, int fill) throws java.io.IOException {
        for (int i = 0; i < count; i++) {
            peer.answer(peer.request(), fill);
        }
    }
}
