package vmm.block.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import vmm.block.Allocations;
import vmm.block.BlockDevice;
import vmm.block.BlockDevices;
import vmm.block.BlockOptions;
import vmm.block.BlockOptions.Aio;
import vmm.block.BlockOptions.Cache;
import vmm.block.BlockOptions.Format;
import vmm.block.BlockQueue;
import vmm.block.TestRequest;
import vmm.event.EventLoop;
import vmm.event.EventLoops;
import vmm.linux.Errno;
import vmm.linux.HostException;

/** The client against servers that others wrote: qemu-nbd and nbdkit. */
@Timeout(60)
class RealServersTest {
    private static final int SIZE = 4 << 20;
    private static final int ROUNDS = 10;

    private final EventLoop loop = EventLoops.start("nbd test");

    @TempDir(factory = InMemory.class)
    Path folder;

    @AfterEach
    void end() {
        loop.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"raw", "qcow2"})
    void qemuHoldsWhatTheModelHolds(String format) throws Exception {
        Path image = image(format);
        ModelDisk model = new ModelDisk(SIZE, 11);
        try (NbdServer server = NbdServer.qemu(folder, image, "-f", format, "--discard=unmap")) {
            try (BlockDevice disk = BlockDevices.open(server.uri(), false)) {
                assertTrue(disk.discardGranularity() > 0);
                model.run(loop, disk.openQueue(loop), ROUNDS);
            }
        }
        assertSameContent(model, image, format);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "--no-sr",
                "--mask-handshake=0",
                "--filter=noextents",
                "--filter=nozero",
                "--filter=fua",
                "--filter=fua fuamode=force",
                "--filter=nocache --filter=noparallel serialize=all-requests",
                "--filter=multi-conn multi-conn-mode=disable",
                "--filter=blocksize-policy blocksize-minimum=512 blocksize-maximum=65536 blocksize-error-policy=error"
            })
    void nbdkitHoldsWhatTheModelHolds(String options) throws Exception {
        Path image = image("raw");
        ModelDisk model = new ModelDisk(SIZE, 12);
        List<String> command = new ArrayList<>();
        command.addAll(options.isEmpty() ? List.of() : List.of(options.split(" ", -1)));
        int plugin = (int) command.stream().filter(word -> word.startsWith("-")).count();
        command.addAll(plugin, List.of("file", image.toString()));
        try (NbdServer server = NbdServer.nbdkit(folder, command.toArray(String[]::new))) {
            try (BlockDevice disk = BlockDevices.open(server.uri(), false)) {
                model.run(loop, disk.openQueue(loop), ROUNDS);
            }
        }
        assertSameContent(model, image, "raw");
    }

    @Test
    void workersWithConnectionsOfTheirOwnSeeOneDisk() throws Exception {
        Path image = image("raw");
        ModelDisk model = new ModelDisk(SIZE, 13);
        try (NbdServer server = NbdServer.qemu(folder, image, "-f", "raw", "-e", "4");
                EventLoop other = EventLoops.start("another worker")) {
            try (BlockDevice disk = BlockDevices.open(server.uri(), false)) {
                BlockQueue here = disk.openQueue(loop);
                BlockQueue there = disk.openQueue(other);
                for (int i = 0; i < ROUNDS; i++) {
                    List<TestRequest> round = model.round();
                    loop.post(() -> round.subList(0, 8).forEach(here::submit));
                    other.post(() -> round.subList(8, round.size()).forEach(there::submit));
                    model.finish(round);
                }
            }
        }
        assertSameContent(model, image, "raw");
    }

    /** What was answered before the kill is in the page cache; qemu-nbd keeps what belongs to a qcow2 to itself. */
    @ParameterizedTest
    @CsvSource({"raw, WRITEBACK", "qcow2, WRITETHROUGH"})
    void nothingIsLostWhenTheServerIsKilledAndComesBack(String format, Cache cache) throws Exception {
        Path image = image(format);
        ModelDisk model = new ModelDisk(SIZE, 14);
        Random random = new Random(14);
        try (NbdServer server = NbdServer.qemu(folder, image, "-f", format, "-e", "2")) {
            BlockOptions options = new BlockOptions(server.uri(), false, Format.RAW, cache, Aio.AUTO, true);
            try (BlockDevice disk = BlockDevices.open(options)) {
                BlockQueue queue = disk.openQueue(loop);
                for (int kill = 0; kill < 5; kill++) {
                    model.run(loop, queue, 3);
                    List<TestRequest> round = model.round();
                    loop.post(() -> round.forEach(queue::submit));
                    TimeUnit.MICROSECONDS.sleep(random.nextInt(2000));
                    server.kill();
                    server.restart();
                    model.finish(round);
                }
                model.run(loop, queue, 1);
            }
        }
        assertSameContent(model, image, format);
    }

    @Test
    void aServerThatStandsStillIsWaitedForElsewhere() throws Exception {
        Path image = image("raw");
        try (NbdServer server = NbdServer.qemu(folder, image, "-f", "raw", "-e", "2")) {
            try (BlockDevice disk = BlockDevices.open(server.uri("", "&x-timeout=1"), false)) {
                BlockQueue queue = disk.openQueue(loop);
                server.freeze(true);
                TestRequest write = TestRequest.write(0, new byte[4096]);
                loop.post(() -> queue.submit(write));
                Thread.sleep(1500);
                assertEquals(TestRequest.NOT_YET, write.errno);
                server.freeze(false);
                assertEquals(0, write.await());
            }
        }
    }

    @Test
    void aReadOnlyExportIsReadOnly() throws Exception {
        Path image = image("raw");
        try (NbdServer server = NbdServer.qemu(folder, image, "-f", "raw", "-r")) {
            refused(server.uri(), "is exported read-only: use it readonly");
            try (BlockDevice disk = BlockDevices.open(server.uri(), true)) {
                BlockQueue queue = disk.openQueue(loop);
                assertEquals(Errno.EROFS, TestRequest.write(0, new byte[512]).run(loop, queue));
                assertEquals(0, TestRequest.read(0, 4096).run(loop, queue));
                assertEquals(0, TestRequest.flush().run(loop, queue));
            }
        }
    }

    @Test
    void exportsHaveNames() throws Exception {
        Path image = image("raw");
        try (NbdServer server = NbdServer.qemu(folder, image, "-f", "raw", "-x", "the disk")) {
            refused(
                    server.uri("other", ""),
                    "the server has no export called 'other', but 'the disk'; correct the name");
            BlockDevices.open(server.uri("the%20disk", ""), true).close();
        }
    }

    @Test
    void aServerThatWantsTlsIsRefused() throws Exception {
        Path keys = folder.resolve("keys.psk");
        Files.writeString(keys, "user:0123456789abcdef0123456789abcdef\n");
        try (NbdServer server = NbdServer.nbdkit(folder, "--tls=require", "--tls-psk=" + keys, "memory", "size=1M")) {
            refused(server.uri(), "is only served with TLS, which this VMM does not have");
        }
    }

    @Test
    void aServerThatWantsLargeBlocksIsRefused() throws Exception {
        try (NbdServer server = NbdServer.nbdkit(
                folder,
                "--filter=blocksize-policy",
                "memory",
                "size=1M",
                "blocksize-minimum=4096",
                "blocksize-error-policy=error")) {
            refused(server.uri(), "can only be read and written in blocks of 4096 bytes");
        }
    }

    @Test
    void errorsOfTheServerAreThoseOfTheRequest() throws Exception {
        try (NbdServer server = NbdServer.nbdkit(
                folder, "--filter=error", "pattern", "size=1M", "error=ENOMEM", "error-pread-rate=30%")) {
            try (BlockDevice disk = BlockDevices.open(server.uri(), true)) {
                BlockQueue queue = disk.openQueue(loop);
                int failed = 0;
                for (int i = 0; i < 100; i++) {
                    TestRequest read = TestRequest.read(i * 4096L, 4096);
                    int errno = read.run(loop, queue);
                    assertTrue(errno == 0 || errno == Errno.ENOMEM, "errno " + errno);
                    failed += errno == 0 ? 0 : 1;
                    assertEquals(
                            errno == 0 ? i * 4096L + 8 : 0,
                            ByteBuffer.wrap(read.bytes()).getLong(8));
                }
                assertTrue(failed > 5 && failed < 70, failed + " of 100 failed");
            }
        }
    }

    @Test
    void aFullServerIsAFullDisk() throws Exception {
        try (NbdServer server = NbdServer.nbdkit(
                folder,
                "eval",
                "get_size=echo 1M",
                "pread=dd if=/dev/zero count=$3 iflag=count_bytes 2>/dev/null",
                "can_write=exit 0",
                "pwrite=cat >/dev/null; echo ENOSPC no room >&2; exit 1")) {
            try (BlockDevice disk = BlockDevices.open(server.uri(), false)) {
                BlockQueue queue = disk.openQueue(loop);
                assertEquals(Errno.ENOSPC, TestRequest.write(0, new byte[512]).run(loop, queue));
                assertEquals(0, TestRequest.read(0, 4096).run(loop, queue));
            }
        }
    }

    @Test
    void offsetsReachAsFarAsDisksDo() throws Exception {
        long size = 1L << 52;
        try (NbdServer server = NbdServer.nbdkit(folder, "pattern", "size=" + size)) {
            try (BlockDevice disk = BlockDevices.open(server.uri(), true)) {
                assertEquals(size, disk.size());
                TestRequest read = TestRequest.read(size - 4096, 4096);
                assertEquals(0, read.run(loop, disk.openQueue(loop)));
                assertEquals(size - 8, ByteBuffer.wrap(read.bytes()).getLong(4088));
            }
        }
    }

    @Test
    void aSlowServerIsAskedForManyThingsAtOnce() throws Exception {
        try (NbdServer server = NbdServer.nbdkit(folder, "--filter=delay", "pattern", "size=1M", "rdelay=200ms")) {
            try (BlockDevice disk = BlockDevices.open(server.uri(), true)) {
                BlockQueue queue = disk.openQueue(loop);
                long begin = System.nanoTime();
                List<TestRequest> reads = new ArrayList<>();
                for (int i = 0; i < 16; i++) {
                    reads.add(TestRequest.read(i * 512L, 512));
                }
                loop.post(() -> reads.forEach(queue::submit));
                reads.forEach(read -> assertEquals(0, read.await()));
                assertTrue(System.nanoTime() - begin < TimeUnit.MILLISECONDS.toNanos(16 * 200 / 2));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"--oldstyle", "--mask-handshake=0", "--no-sr", "--newstyle"})
    void handshakesOfAllAgesWork(String option) throws Exception {
        try (NbdServer server = NbdServer.nbdkit(folder, option, "pattern", "size=1M")) {
            try (BlockDevice disk = BlockDevices.open(server.uri(), true)) {
                TestRequest read = TestRequest.read(512, 1024);
                assertEquals(0, read.run(loop, disk.openQueue(loop)));
                assertEquals(520, ByteBuffer.wrap(read.bytes()).getLong(8));
            }
        }
    }

    @Test
    void theServerIsToldOfTheEnd() throws Exception {
        try (NbdServer server = NbdServer.nbdkit(folder, "--filter=exitlast", "memory", "size=1M")) {
            try (BlockDevice disk = BlockDevices.open(server.uri(), false)) {
                assertEquals(0, TestRequest.write(0, new byte[512]).run(loop, disk.openQueue(loop)));
            }
            server.awaitEnd();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "[::1]", "localhost"})
    void tcpWorksAsWell(String host) throws Exception {
        try (NbdServer server = NbdServer.nbdkitByTcp(folder, "pattern", "size=1M")) {
            try (BlockDevice disk = BlockDevices.open("nbd://" + host + ":" + server.port(), true)) {
                TestRequest read = TestRequest.read(1024, 512);
                assertEquals(0, read.run(loop, disk.openQueue(loop)));
                assertEquals(1024, ByteBuffer.wrap(read.bytes()).getLong());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "--no-sr"})
    void aRequestAllocatesNothing(String option) throws Exception {
        List<String> command = new ArrayList<>(option.isEmpty() ? List.of() : List.of(option));
        command.addAll(List.of("memory", "size=1M"));
        try (NbdServer server = NbdServer.nbdkit(folder, command.toArray(String[]::new))) {
            try (BlockDevice disk = BlockDevices.open(server.uri(), false)) {
                BlockQueue queue = disk.openQueue(loop);
                Cyclist.cycle(loop, queue, 20_000);
                long before = loop.call(Allocations::ofCurrentThread);
                Cyclist.cycle(loop, queue, 40_000);
                long allocated = loop.call(Allocations::ofCurrentThread) - before;
                // The messages of this test are a few kilobytes; one object for each request would be half a megabyte.
                assertTrue(allocated < 100_000, allocated + " bytes for 40,000 requests");
            }
        }
    }

    private Path image(String format) throws Exception {
        Path image = folder.resolve("image." + format);
        NbdServer.assumeInstalled("qemu-img", "qemu-utils");
        assertEquals(0, qemuImg("create", "-f", format, image.toString(), Integer.toString(SIZE)));
        return image;
    }

    private void assertSameContent(ModelDisk model, Path image, String format) throws Exception {
        Path expected = Files.write(folder.resolve("model"), model.content);
        assertEquals(0, qemuImg("compare", "-f", "raw", "-F", format, expected.toString(), image.toString()));
        if (format.equals("qcow2")) {
            int leaks = 3; // What a server has left behind that was killed; no error.
            int found = qemuImg("check", image.toString());
            assertTrue(found == 0 || found == leaks, "qemu-img check: " + found);
        }
    }

    private static int qemuImg(String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of("qemu-img"));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start()
                .waitFor();
    }

    private static void refused(String uri, String why) {
        HostException refusal = assertThrows(HostException.class, () -> BlockDevices.open(uri, false));
        String message = String.valueOf(refusal.getMessage());
        assertTrue(message.startsWith("Disk " + uri + " ") && message.contains(why), message);
    }
}
