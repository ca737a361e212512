package vmm.block.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static vmm.block.nbd.Nbd.*;
import static vmm.block.nbd.ScriptedServer.ALL_FLAGS;
import static vmm.block.nbd.ScriptedServer.data;
import static vmm.block.nbd.ScriptedServer.error;
import static vmm.block.nbd.ScriptedServer.hole;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import vmm.block.BlockOptions;
import vmm.block.TestRequest;
import vmm.block.nbd.ScriptedServer.Peer;
import vmm.block.nbd.ScriptedServer.Request;
import vmm.linux.Errno;

/** A server that breaks the protocol loses its connection, and never reaches beyond a request's buffers. */
class LyingServerTest extends ScriptedTest {
    private static final int LENGTH = 4096;
    private static final long OFFSET = 8192;

    /** What a server may do to a read of LENGTH bytes at OFFSET. */
    @FunctionalInterface
    interface Telling {
        void to(Peer peer, Request request) throws IOException;
    }

    static List<Named<Telling>> lies() {
        return List.of(
                Named.of("somebody elses cookie", (peer, read) -> peer.simpleReply(read.cookie() + 1, 0)),
                Named.of("an old cookie", (peer, read) -> peer.simpleReply(read.cookie() - (1L << 32), 0)),
                Named.of("a cookie of no slot", (peer, read) -> peer.simpleReply(read.cookie() | 0x7fff, 0)),
                Named.of("a negative slot", (peer, read) -> peer.simpleReply(read.cookie() | 0x8000_0000L, 0)),
                Named.of("no magic", (peer, read) -> peer.out.write(new byte[100])),
                Named.of(
                        "more than asked",
                        (peer, read) -> peer.chunk(
                                read.cookie(), true, NBD_REPLY_TYPE_OFFSET_DATA, data(OFFSET, new byte[LENGTH + 1]))),
                Named.of("four gigabytes", (peer, read) -> {
                    byte[] chunk = ScriptedServer.chunkBytes(
                            read.cookie(), true, NBD_REPLY_TYPE_OFFSET_DATA, data(OFFSET, new byte[LENGTH]));
                    chunk[16] = chunk[17] = chunk[18] = chunk[19] = -1;
                    peer.out.write(chunk);
                }),
                Named.of(
                        "data before the range",
                        (peer, read) -> peer.chunk(
                                read.cookie(), true, NBD_REPLY_TYPE_OFFSET_DATA, data(OFFSET - 1, new byte[LENGTH]))),
                Named.of(
                        "data after the range",
                        (peer, read) -> peer.chunk(
                                read.cookie(), true, NBD_REPLY_TYPE_OFFSET_DATA, data(OFFSET + 1, new byte[LENGTH]))),
                Named.of(
                        "data at a negative offset",
                        (peer, read) -> peer.chunk(
                                read.cookie(),
                                true,
                                NBD_REPLY_TYPE_OFFSET_DATA,
                                data(Long.MIN_VALUE, new byte[LENGTH]))),
                Named.of("data twice", (peer, read) -> {
                    peer.chunk(read.cookie(), false, NBD_REPLY_TYPE_OFFSET_DATA, data(OFFSET, new byte[LENGTH]));
                    peer.chunk(read.cookie(), true, NBD_REPLY_TYPE_OFFSET_DATA, data(OFFSET, new byte[LENGTH]));
                }),
                Named.of(
                        "no data",
                        (peer, read) -> peer.chunk(read.cookie(), true, NBD_REPLY_TYPE_OFFSET_DATA, data(OFFSET))),
                Named.of(
                        "half of the data",
                        (peer, read) -> peer.chunk(
                                read.cookie(), true, NBD_REPLY_TYPE_OFFSET_DATA, data(OFFSET, new byte[LENGTH / 2]))),
                Named.of("an end without data", (peer, read) -> peer.chunk(read.cookie(), true, NBD_REPLY_TYPE_NONE)),
                Named.of("an end that is none", (peer, read) -> peer.chunk(read.cookie(), false, NBD_REPLY_TYPE_NONE)),
                Named.of(
                        "an end with content",
                        (peer, read) -> peer.chunk(read.cookie(), true, NBD_REPLY_TYPE_NONE, (byte) 1)),
                Named.of(
                        "a hole beyond the range",
                        (peer, read) ->
                                peer.chunk(read.cookie(), true, NBD_REPLY_TYPE_OFFSET_HOLE, hole(OFFSET, LENGTH + 1))),
                Named.of(
                        "a hole of nothing",
                        (peer, read) -> peer.chunk(read.cookie(), false, NBD_REPLY_TYPE_OFFSET_HOLE, hole(OFFSET, 0))),
                Named.of(
                        "a hole of four gigabytes",
                        (peer, read) -> peer.chunk(read.cookie(), false, NBD_REPLY_TYPE_OFFSET_HOLE, hole(OFFSET, -1))),
                Named.of(
                        "a short hole",
                        (peer, read) -> peer.chunk(read.cookie(), false, NBD_REPLY_TYPE_OFFSET_HOLE, data(OFFSET))),
                Named.of("a status nobody wants", (peer, read) -> peer.chunk(read.cookie(), true, 5, new byte[12])),
                Named.of(
                        "an error that is none",
                        (peer, read) -> peer.chunk(read.cookie(), true, NBD_REPLY_TYPE_ERROR, error(0, ""))),
                Named.of(
                        "an error without content",
                        (peer, read) -> peer.chunk(read.cookie(), true, NBD_REPLY_TYPE_ERROR)),
                Named.of("an error with too many words", (peer, read) -> {
                    byte[] payload = error(5, "oops");
                    payload[5] = 100;
                    peer.chunk(read.cookie(), true, NBD_REPLY_TYPE_ERROR, payload);
                }),
                Named.of(
                        "an error of a megabyte",
                        (peer, read) -> peer.chunk(read.cookie(), true, NBD_REPLY_TYPE_ERROR, new byte[1 << 20])),
                Named.of("data without a frame", (peer, read) -> peer.simpleReply(read.cookie(), 0, new byte[LENGTH])),
                Named.of("hanging up", (peer, read) -> {}),
                Named.of("hanging up within a header", (peer, read) -> peer.out.writeInt(NBD_STRUCTURED_REPLY_MAGIC)),
                Named.of("hanging up within data", (peer, read) -> {
                    byte[] chunk = ScriptedServer.chunkBytes(
                            read.cookie(), true, NBD_REPLY_TYPE_OFFSET_DATA, data(OFFSET, new byte[LENGTH]));
                    peer.out.write(chunk, 0, chunk.length - 100);
                }),
                Named.of("more than the answer", (peer, read) -> {
                    peer.chunk(read.cookie(), false, NBD_REPLY_TYPE_OFFSET_HOLE, hole(OFFSET, LENGTH / 2));
                    peer.out.write(new byte[60]);
                }));
    }

    @ParameterizedTest
    @MethodSource("lies")
    void aReadIsMadeAgainElsewhere(Telling lie) throws Exception {
        use(
                (disk, queue, server) -> {
                    TestRequest read = guarded();
                    assertEquals(0, run(queue, read));
                    assertGuardUntouched(read);
                    assertEquals(2, server.connections.get());
                },
                agreed(peer -> lie.to(peer, peer.request())),
                honest(7));
    }

    @Test
    void aReadFailsWhenAllServersLie() throws Exception {
        use(
                (disk, queue, server) -> {
                    TestRequest read = guarded();
                    assertEquals(Errno.EIO, run(queue, read));
                    assertGuardUntouched(read);
                    assertEquals(5, server.connections.get());
                },
                agreed(peer -> peer.simpleReply(peer.request().cookie() + 1, 0)));
    }

    /** A read into the middle of memory that is full of marks. */
    private static TestRequest guarded() {
        TestRequest read = TestRequest.read(OFFSET, 3 * LENGTH);
        read.memory.fill((byte) 0x55);
        read.data().clear();
        read.data().add(read.memory.address() + LENGTH, 1000);
        read.data().add(read.memory.address() + LENGTH + 1000, LENGTH - 1000);
        return read;
    }

    private static void assertGuardUntouched(TestRequest read) {
        for (int i = 0; i < LENGTH; i++) {
            assertEquals(0x55, read.memory.get(ValueLayout.JAVA_BYTE, i));
            assertEquals(0x55, read.memory.get(ValueLayout.JAVA_BYTE, 2 * LENGTH + i));
        }
    }

    @Test
    void dataForAWriteIsALie() throws Exception {
        use(
                (disk, queue, server) -> {
                    assertEquals(0, run(queue, TestRequest.write(0, new byte[LENGTH])));
                    assertEquals(2, server.connections.get());
                },
                agreed(peer -> {
                    Request write = peer.request();
                    peer.chunk(write.cookie(), true, NBD_REPLY_TYPE_OFFSET_DATA, data(0, new byte[LENGTH]));
                }),
                honest(0));
    }

    @Test
    void chunksThatWereNotAgreedOnAreALie() throws Exception {
        use(
                (disk, queue, server) -> {
                    assertEquals(0, run(queue, TestRequest.write(0, new byte[LENGTH])));
                    assertEquals(2, server.connections.get());
                },
                peer -> {
                    peer.agree(SIZE, ALL_FLAGS, false);
                    peer.chunk(peer.request().cookie(), true, NBD_REPLY_TYPE_NONE);
                },
                honest(0));
    }

    @Test
    void whatNobodyHasAskedForIsFoundOut() throws Exception {
        use(
                (disk, queue, server) -> {
                    assertEquals(0, run(queue, TestRequest.read(0, LENGTH)));
                    assertEquals(0, run(queue, TestRequest.read(0, LENGTH)));
                    assertEquals(2, server.connections.get());
                },
                agreed(peer -> {
                    Request read = peer.request();
                    byte[] chunk = ScriptedServer.chunkBytes(
                            read.cookie(), true, NBD_REPLY_TYPE_OFFSET_DATA, data(0, new byte[LENGTH]));
                    byte[] more = Arrays.copyOf(chunk, chunk.length + 8);
                    peer.out.write(more);
                    peer.serve(0);
                }),
                honest(0));
    }

    @Test
    void anAnswerToARequestThatIsStillBeingSentWaitsForItsData() throws Exception {
        int length = 8 << 20;
        byte[] bytes = new byte[length];
        bytes[length - 1] = 99;
        use(
                (disk, queue, server) -> {
                    assertEquals(Errno.ENOSPC, run(queue, TestRequest.write(0, bytes)));
                    assertEquals(0, run(queue, TestRequest.read(0, LENGTH)));
                    assertEquals(1, server.connections.get());
                    assertEquals(List.of("write 0+" + length, "read 0+4096"), List.copyOf(server.asked));
                },
                agreed(peer -> {
                    // The request's header, of which the cookie is known by now: 1 in the upper half.
                    peer.simpleReply(1L << 32, Errno.ENOSPC);
                    Request write = peer.request();
                    assertEquals(1L << 32, write.cookie());
                    assertEquals(99, write.data().get(length - 1));
                    peer.serve(0);
                }));
    }

    @Test
    void aSilentServerIsLeftAndItsRequestsAreMadeElsewhere() throws Exception {
        use(
                BlockOptions.Cache.WRITEBACK,
                "&x-timeout=1",
                (disk, queue, server) -> {
                    TestRequest read = TestRequest.read(0, LENGTH);
                    assertEquals(0, run(queue, read));
                    assertFilled(3, read);
                    assertEquals(2, server.connections.get());
                },
                agreed(peer -> {
                    peer.request();
                    peer.in.readByte();
                }),
                honest(3));
    }

    @Test
    void aServerThatLosesARequestIsFoundOut() throws Exception {
        use(
                BlockOptions.Cache.WRITEBACK,
                "&x-timeout=1",
                (disk, queue, server) -> {
                    TestRequest lost = TestRequest.read(0, LENGTH);
                    loop.post(() -> queue.submit(lost));
                    // Others are answered all the while.
                    while (lost.errno == TestRequest.NOT_YET) {
                        assertEquals(0, run(queue, TestRequest.read(512, 512)));
                        Thread.sleep(100);
                    }
                    assertEquals(0, lost.errno);
                    assertEquals(2, server.connections.get());
                },
                agreed(peer -> {
                    peer.request();
                    peer.serve(0);
                }),
                honest(3));
    }
}
