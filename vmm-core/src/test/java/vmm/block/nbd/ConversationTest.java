package vmm.block.nbd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static vmm.block.nbd.Nbd.*;
import static vmm.block.nbd.ScriptedServer.ALL_FLAGS;
import static vmm.block.nbd.ScriptedServer.chunkBytes;
import static vmm.block.nbd.ScriptedServer.data;
import static vmm.block.nbd.ScriptedServer.error;
import static vmm.block.nbd.ScriptedServer.hole;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import vmm.block.BlockOptions;
import vmm.block.BlockOptions.Cache;
import vmm.block.BlockQueue;
import vmm.block.BlockRequest.Operation;
import vmm.block.TestRequest;
import vmm.block.nbd.ScriptedServer.Request;
import vmm.event.EventLoop;
import vmm.event.EventLoops;
import vmm.linux.Errno;
import vmm.linux.HostException;

/** What is said to an honest server, and how its replies are understood. */
class ConversationTest extends ScriptedTest {
    private static final int LENGTH = 4096;

    @Test
    void repliesComeInAnyOrderAndInPieces() throws Exception {
        use(
                (disk, queue, server) -> {
                    List<TestRequest> reads = new ArrayList<>();
                    Random random = new Random(5);
                    for (int i = 0; i < 20; i++) {
                        TestRequest read = TestRequest.read((long) i * LENGTH, LENGTH);
                        read.scatter(random, 1 + i);
                        reads.add(read);
                    }
                    start(queue, reads);
                    for (int i = 0; i < reads.size(); i++) {
                        assertEquals(0, reads.get(i).await());
                        assertArrayEquals(
                                pattern((long) i * LENGTH), reads.get(i).bytes());
                    }
                    assertEquals(1, server.connections.get());
                },
                agreed(peer -> {
                    List<Request> requests = new ArrayList<>();
                    for (int i = 0; i < 20; i++) {
                        requests.add(peer.request());
                    }
                    // Sectors of all requests, shuffled, and the stream cut anywhere.
                    List<byte[]> chunks = new ArrayList<>();
                    for (Request request : requests) {
                        byte[] all = pattern(request.offset());
                        for (int at = 0; at < LENGTH; at += 512) {
                            byte[] sector = Arrays.copyOfRange(all, at, at + 512);
                            chunks.add(
                                    isZero(sector)
                                            ? chunkBytes(
                                                    request.cookie(),
                                                    false,
                                                    NBD_REPLY_TYPE_OFFSET_HOLE,
                                                    hole(request.offset() + at, 512))
                                            : chunkBytes(
                                                    request.cookie(),
                                                    false,
                                                    NBD_REPLY_TYPE_OFFSET_DATA,
                                                    data(request.offset() + at, sector)));
                        }
                    }
                    Random random = new Random(6);
                    Collections.shuffle(chunks, random);
                    Collections.shuffle(requests, random);
                    for (Request request : requests) {
                        chunks.add(chunkBytes(request.cookie(), true, NBD_REPLY_TYPE_NONE));
                    }
                    byte[] stream = ScriptedServer.bytes(out -> {
                        for (byte[] chunk : chunks) {
                            out.write(chunk);
                        }
                    });
                    for (int at = 0; at < stream.length; ) {
                        int piece = Math.min(1 + random.nextInt(random.nextBoolean() ? 30 : 3000), stream.length - at);
                        peer.out.write(stream, at, piece);
                        at += piece;
                    }
                    peer.serve(0);
                }));
    }

    /** A disk of random sectors and empty ones. */
    private static byte[] pattern(long offset) {
        byte[] bytes = new byte[LENGTH];
        for (int at = 0; at < LENGTH; at += 512) {
            if ((offset + at) / 512 % 3 != 0) {
                byte[] sector = new byte[512];
                new Random(offset + at).nextBytes(sector);
                System.arraycopy(sector, 0, bytes, at, 512);
            }
        }
        return bytes;
    }

    private static boolean isZero(byte[] bytes) {
        for (byte one : bytes) {
            if (one != 0) {
                return false;
            }
        }
        return true;
    }

    @Test
    void simpleRepliesCarryData() throws Exception {
        use(
                (disk, queue, server) -> {
                    TestRequest read = TestRequest.read(0, LENGTH);
                    assertEquals(0, run(queue, read));
                    assertFilled(0x77, read);
                    assertEquals(Errno.EIO, run(queue, TestRequest.read(0, LENGTH)));
                },
                peer -> {
                    peer.agree(SIZE, ALL_FLAGS, false);
                    byte[] bytes = new byte[LENGTH];
                    Arrays.fill(bytes, (byte) 0x77);
                    peer.simpleReply(peer.request().cookie(), 0, bytes);
                    peer.simpleReply(peer.request().cookie(), Errno.EIO);
                    peer.serve(0);
                });
    }

    @Test
    void errorsOfTheServerAreTheRequests() throws Exception {
        use(
                (disk, queue, server) -> {
                    assertEquals(Errno.ENOSPC, run(queue, TestRequest.write(0, new byte[512])));
                    // Space that comes later does not bring back what the server could not keep.
                    assertEquals(Errno.EIO, run(queue, TestRequest.flush()));
                    assertEquals(Errno.EPERM, run(queue, TestRequest.read(0, LENGTH)));
                    assertEquals(Errno.EIO, run(queue, TestRequest.read(0, LENGTH)));
                    assertEquals(Errno.EIO, run(queue, TestRequest.read(0, LENGTH)));
                    assertEquals(1, server.connections.get());
                },
                agreed(peer -> {
                    peer.simpleReply(peer.request().cookie(), Errno.ENOSPC);
                    peer.simpleReply(peer.request().cookie(), Errno.ENOSPC);
                    peer.chunk(peer.request().cookie(), true, NBD_REPLY_TYPE_ERROR, error(Errno.EPERM, "not for you"));
                    Request read = peer.request();
                    peer.chunk(read.cookie(), false, NBD_REPLY_TYPE_OFFSET_DATA, data(0, new byte[LENGTH]));
                    byte[] error = error(Errno.EIO, "");
                    peer.chunk(
                            read.cookie(), false, NBD_REPLY_TYPE_ERROR_OFFSET, Arrays.copyOf(error, error.length + 8));
                    peer.chunk(read.cookie(), true, NBD_REPLY_TYPE_NONE);
                    // An error of a kind and a number that nobody knows.
                    peer.chunk(peer.request().cookie(), true, 0x8077, error(123456, "?"));
                    peer.serve(0);
                }));
    }

    @Test
    void everyOperationHasItsCommand() throws Exception {
        use(
                (disk, queue, server) -> {
                    assertEquals(4096, disk.discardGranularity());
                    TestRequest stable = TestRequest.write(512, new byte[512]);
                    stable.requireStable();
                    assertEquals(0, run(queue, stable));
                    assertEquals(0, run(queue, TestRequest.write(1024, new byte[512])));
                    assertEquals(0, run(queue, TestRequest.flush()));
                    assertEquals(0, run(queue, TestRequest.range(Operation.DISCARD, 0, LENGTH, false)));
                    assertEquals(0, run(queue, TestRequest.range(Operation.WRITE_ZEROES, 0, LENGTH, true)));
                    assertEquals(0, run(queue, TestRequest.range(Operation.WRITE_ZEROES, 512, LENGTH, false)));
                    assertEquals(0, run(queue, TestRequest.read(0, 0)));
                    disk.close();
                    awaitLeave(server);
                    assertEquals(
                            List.of(
                                    "write fua 512+512",
                                    "write 1024+512",
                                    "flush",
                                    "trim 0+4096",
                                    "zero 0+4096",
                                    "zero no-hole 512+4096",
                                    "flush",
                                    "disc"),
                            List.copyOf(server.asked));
                },
                honest(0));
    }

    @Test
    void withoutForcedUnitAccessAFlushMakesAWriteStable() throws Exception {
        use(
                Cache.WRITETHROUGH,
                "",
                (disk, queue, server) -> {
                    assertEquals(0, run(queue, TestRequest.write(512, new byte[512])));
                    assertEquals(0, run(queue, TestRequest.range(Operation.WRITE_ZEROES, 0, 512, true)));
                    assertEquals(0, run(queue, TestRequest.read(0, 512)));
                    assertEquals(
                            List.of("write 512+512", "flush", "zero 0+512", "flush", "read 0+512"),
                            List.copyOf(server.asked));
                },
                agreed(ALL_FLAGS & ~NBD_FLAG_SEND_FUA, peer -> peer.serve(0)));
    }

    @Test
    void aServerThatCanDoLittleIsAskedForNoMore() throws Exception {
        use(
                (disk, queue, server) -> {
                    assertEquals(0, disk.discardGranularity());
                    assertEquals(0, run(queue, TestRequest.flush()));
                    assertEquals(0, run(queue, TestRequest.range(Operation.DISCARD, 0, LENGTH, false)));
                    assertEquals(0, run(queue, TestRequest.range(Operation.WRITE_ZEROES, 512, (3 << 20) - 512, true)));
                    disk.close();
                    awaitLeave(server);
                    assertEquals(
                            List.of("write 512+1048064", "write 1048576+1048576", "write 2097152+1048576", "disc"),
                            List.copyOf(server.asked));
                },
                agreed(1, peer -> {
                    while (true) {
                        Request request = peer.request();
                        for (int i = 0; i < request.length(); i += 512) {
                            assertEquals(0, request.data().get(i));
                        }
                        peer.simpleReply(request.cookie(), 0);
                    }
                }));
    }

    @Test
    void longRequestsAreCutWhereTheServerLikesIt() throws Exception {
        byte[] bytes = new byte[200 << 10];
        new Random(3).nextBytes(bytes);
        byte[] stored = new byte[bytes.length];
        use(
                (disk, queue, server) -> {
                    TestRequest write = TestRequest.write(1024, bytes);
                    write.scatter(new Random(4), 50);
                    assertEquals(0, run(queue, write));
                    assertEquals(
                            List.of("write 1024+64512", "write 65536+65536", "write 131072+74752"),
                            List.copyOf(server.asked));
                    assertArrayEquals(bytes, stored);
                    TestRequest read = TestRequest.read(1024, bytes.length);
                    read.scatter(new Random(5), 50);
                    assertEquals(0, run(queue, read));
                    assertArrayEquals(bytes, read.bytes());
                },
                peer -> {
                    peer.agree(SIZE, ALL_FLAGS, true, 512, 65536, 100_000);
                    while (true) {
                        Request request = peer.request();
                        int at = (int) request.offset() - 1024;
                        if (request.type() == NBD_CMD_WRITE) {
                            request.data().get(stored, at, request.length());
                            peer.simpleReply(request.cookie(), 0);
                        } else if (request.type() == NBD_CMD_FLUSH) {
                            peer.simpleReply(request.cookie(), 0);
                        } else {
                            byte[] part = Arrays.copyOfRange(stored, at, at + request.length());
                            peer.chunk(
                                    request.cookie(), true, NBD_REPLY_TYPE_OFFSET_DATA, data(request.offset(), part));
                        }
                    }
                });
    }

    @Test
    void aRangeThatIsTooLongForTheServerIsCutShorter() throws Exception {
        int most = 1 << 20;
        use(
                (disk, queue, server) -> {
                    assertEquals(0, run(queue, TestRequest.range(Operation.DISCARD, 0, 3L << 20, true)));
                    assertEquals(0, run(queue, TestRequest.range(Operation.WRITE_ZEROES, 0, 2L << 20, true)));
                    assertEquals(
                            List.of(
                                    "trim 0+3145728",
                                    "trim 0+1048576",
                                    "trim 1048576+1048576",
                                    "trim 2097152+1048576",
                                    "zero 0+1048576",
                                    "zero 1048576+1048576"),
                            List.copyOf(server.asked));
                },
                peer -> {
                    peer.agree(SIZE, ALL_FLAGS, true, 1, 4096, most);
                    while (true) {
                        Request request = peer.request();
                        peer.simpleReply(request.cookie(), request.length() > most ? Errno.EOVERFLOW : 0);
                    }
                });
    }

    @Test
    void requestsBeyondTheEndNeverReachTheServer() throws Exception {
        use(
                (disk, queue, server) -> {
                    assertEquals(Errno.EINVAL, run(queue, TestRequest.read(SIZE - 512, LENGTH)));
                    assertEquals(Errno.EINVAL, run(queue, TestRequest.read(3, 512)));
                    assertEquals(List.of(), List.copyOf(server.asked));
                },
                peer -> {
                    peer.agree(SIZE, ALL_FLAGS, true, 512, 4096, 1 << 20);
                    peer.serve(0);
                });
    }

    @Test
    void aServerThatShutsDownIsAskedAgainWhenItIsBack() throws Exception {
        use(
                (disk, queue, server) -> {
                    assertEquals(0, run(queue, TestRequest.read(0, LENGTH)));
                    assertEquals(2, server.connections.get());
                },
                agreed(peer -> {
                    peer.simpleReply(peer.request().cookie(), Errno.ESHUTDOWN);
                    peer.in.readByte();
                }),
                honest(0));
    }

    @Test
    void requestsFailWhenTimeIsUpAndSucceedWhenTheServerIsBack() throws Exception {
        use(
                Cache.WRITEBACK,
                "&x-reconnect=1",
                (disk, queue, server) -> {
                    List<TestRequest> reads = new ArrayList<>();
                    for (int i = 0; i < 100; i++) {
                        reads.add(TestRequest.read(0, LENGTH));
                    }
                    start(queue, reads);
                    for (TestRequest read : reads) {
                        assertEquals(Errno.EIO, read.await());
                    }
                    // From now on the disk has failed, and says so at once.
                    long begin = System.nanoTime();
                    assertEquals(Errno.EIO, run(queue, TestRequest.flush()));
                    assertTrue(System.nanoTime() - begin < 500_000_000L);
                    while (run(queue, TestRequest.read(0, LENGTH)) != 0) {
                        Thread.sleep(20);
                    }
                },
                agreed(peer -> peer.request()),
                // One that is another disk is none that has come back.
                peer -> peer.agree(SIZE / 2, ALL_FLAGS),
                peer -> peer.agree(SIZE, ALL_FLAGS | NBD_FLAG_READ_ONLY),
                peer -> peer.agree(SIZE, ALL_FLAGS & ~NBD_FLAG_CAN_MULTI_CONN),
                peer -> peer.agree(SIZE, ALL_FLAGS, true, 4096, 4096, 1 << 20),
                peer -> {},
                honest(1));
    }

    @Test
    void aDrainEndsWhatWaitsForAServerThatIsAway() throws Exception {
        try (EventLoop other = EventLoops.start("another worker")) {
            use(
                    (disk, queue, server) -> {
                        BlockQueue there = disk.openQueue(other);
                        assertEquals(0, run(queue, TestRequest.read(0, 512)));
                        TestRequest mine = TestRequest.read(0, 512);
                        TestRequest others = TestRequest.read(0, 512);
                        loop.post(() -> queue.submit(mine));
                        other.post(() -> there.submit(others));
                        Thread.sleep(200);
                        assertEquals(TestRequest.NOT_YET, others.errno);
                        other.post(() -> there.drain(true));
                        assertEquals(Errno.EIO, others.await());
                        assertEquals(Errno.EIO, TestRequest.flush().run(other, there));
                        assertEquals(TestRequest.NOT_YET, mine.errno);
                        loop.post(() -> queue.drain(true));
                        assertEquals(Errno.EIO, mine.await());
                        loop.post(() -> queue.drain(false));
                        other.post(() -> there.drain(false));
                    },
                    agreed(ALL_FLAGS & ~NBD_FLAG_CAN_MULTI_CONN, peer -> serveSome(peer, 1, 0)),
                    peer -> {});
        }
    }

    @Test
    void aFlushThatFailsAtTheEndIsTold() throws Exception {
        try (ScriptedServer server = new ScriptedServer(folder, agreed(peer -> {
            serveSome(peer, 1, 0);
            peer.simpleReply(peer.request().cookie(), Errno.EIO);
        }))) {
            NbdDisk disk = NbdDisk.open(BlockOptions.of(server.uri(""), false));
            assertEquals(0, run(disk.openQueue(loop), TestRequest.write(0, new byte[512])));
            HostException failure = assertThrows(HostException.class, disk::close);
            assertTrue(
                    String.valueOf(failure.getMessage())
                            .contains("could not be flushed (it was not flushed by the server: input/output error)"),
                    failure.getMessage());
        }
    }

    @Test
    void aServerThatWentAndCameBackUnnoticedIsFlushedByANewConnection() throws Exception {
        try (ScriptedServer server =
                new ScriptedServer(folder, agreed(peer -> serveSome(peer, 1, 0)), agreed(peer -> peer.serve(0)))) {
            try (NbdDisk disk = NbdDisk.open(BlockOptions.of(server.uri(""), false))) {
                assertEquals(0, run(disk.openQueue(loop), TestRequest.write(0, new byte[512])));
            }
            awaitLeave(server);
            assertEquals(List.of("write 0+512", "flush", "disc"), List.copyOf(server.asked));
        }
    }

    @Test
    void aServerThatHasGoneByTheEndIsFlushedWhenItIsBack() throws Exception {
        try (ScriptedServer server =
                new ScriptedServer(folder, agreed(peer -> serveSome(peer, 2, 0)), agreed(peer -> peer.serve(0)))) {
            try (NbdDisk disk = NbdDisk.open(BlockOptions.of(server.uri(""), false))) {
                BlockQueue queue = disk.openQueue(loop);
                assertEquals(0, run(queue, TestRequest.write(0, new byte[512])));
                assertEquals(0, run(queue, TestRequest.write(0, new byte[512])));
                // It hangs up now. The next request finds that out, and has a new connection.
                assertEquals(0, run(queue, TestRequest.write(0, new byte[512])));
            }
            awaitLeave(server);
            assertEquals(
                    List.of("write 0+512", "write 0+512", "write 0+512", "flush", "disc"), List.copyOf(server.asked));
        }
    }

    @Test
    void eachWorkerHasAConnectionWhereTheServerKeepsThemConsistent() throws Exception {
        try (EventLoop other = EventLoops.start("another worker")) {
            use(
                    (disk, queue, server) -> {
                        BlockQueue there = disk.openQueue(other);
                        BlockQueue again = disk.openQueue(other);
                        assertEquals(0, TestRequest.read(0, 512).run(other, there));
                        assertEquals(0, TestRequest.read(0, 512).run(other, again));
                        assertEquals(0, run(queue, TestRequest.read(0, 512)));
                        assertEquals(2, server.connections.get());
                    },
                    honest(1),
                    honest(2));
        }
    }

    @Test
    void allWorkersShareAConnectionWhereItDoesNot() throws Exception {
        try (EventLoop other = EventLoops.start("another worker")) {
            use(
                    (disk, queue, server) -> shared(server, other, disk.openQueue(other), queue),
                    agreed(ALL_FLAGS & ~NBD_FLAG_CAN_MULTI_CONN, peer -> peer.serve(1)));
        }
    }

    @Test
    void allWorkersShareAConnectionWhereAnotherIsRefused() throws Exception {
        try (EventLoop other = EventLoops.start("another worker")) {
            use(
                    (disk, queue, server) -> {
                        shared(server, other, disk.openQueue(other), queue);
                        assertEquals(2, server.connections.get());
                    },
                    honest(1),
                    peer -> {});
        }
    }

    private void shared(ScriptedServer server, EventLoop other, BlockQueue there, BlockQueue here) throws Exception {
        List<TestRequest> reads = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            reads.add(TestRequest.read(i * 512L, 512));
        }
        other.post(() -> reads.forEach(there::submit));
        assertEquals(0, run(here, TestRequest.read(0, 512)));
        for (TestRequest read : reads) {
            assertEquals(0, read.await());
            assertFilled(1, read);
        }
        assertEquals(51, server.asked.size());
        assertEquals(Errno.EINVAL, TestRequest.read(SIZE, 512).run(other, there));
    }

    @Test
    void aConnectionOutlivesTheWorkerItBelongedTo() throws Exception {
        EventLoop first = EventLoops.start("first worker");
        use(
                (disk, queue, server) -> {
                    // The queue of the loop that all tests have was opened first, so this one shares.
                    BlockQueue there = disk.openQueue(first);
                    assertEquals(0, TestRequest.read(0, 512).run(first, there));
                    EventLoop third = EventLoops.start("third worker");
                    first.close();
                    BlockQueue last = disk.openQueue(third);
                    assertEquals(0, TestRequest.read(0, 512).run(third, last));
                    third.close();
                    assertEquals(0, run(queue, TestRequest.read(0, 512)));
                    assertTrue(server.connections.get() <= 2);
                },
                honest(1));
    }

    @Test
    void aWorkerTakesTheSharedConnectionOverWhenItsOwnerHasEnded() throws Exception {
        EventLoop owner = EventLoops.start("owner");
        try (ScriptedServer server =
                new ScriptedServer(folder, agreed(ALL_FLAGS & ~NBD_FLAG_CAN_MULTI_CONN, peer -> peer.serve(1)))) {
            try (NbdDisk disk = NbdDisk.open(BlockOptions.of(server.uri(""), false))) {
                BlockQueue owned = disk.openQueue(owner);
                BlockQueue guest = disk.openQueue(loop);
                assertEquals(0, TestRequest.read(0, 512).run(owner, owned));
                assertEquals(0, run(guest, TestRequest.read(0, 512)));
                owner.close();
                assertEquals(0, run(guest, TestRequest.read(0, 512)));
                assertEquals(0, run(guest, TestRequest.read(0, 512)));
                assertEquals(1, server.connections.get());
            }
        }
    }

    @Test
    void aClosedLoopHasNoReadOfAnIdleConnectionToWaitFor() throws Exception {
        EventLoop brief = EventLoops.start("brief");
        use(
                (disk, queue, server) -> {
                    BlockQueue there = disk.openQueue(brief);
                    assertEquals(0, TestRequest.read(0, 512).run(brief, there));
                    brief.close();
                },
                honest(1));
    }
}
