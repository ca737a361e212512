package vmm.block.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import vmm.block.BlockRequest;
import vmm.block.BlockRequest.Operation;
import vmm.fuzz.SeededInputs;
import vmm.linux.IoVector;

/** Whatever a server sends after the handshake, in whatever pieces. */
class ReplyReaderFuzz {
    private static final int GUARD = 64;
    private static final byte MARK = 0x5a;
    private static final int MOST_LENGTH = 3000;

    /** A request's memory, with marks around every one of its buffers. */
    private static final class Guarded extends BlockRequest {
        private final MemorySegment memory;
        private final int[] ends;

        Guarded(MemorySegment memory, int[] ends, IoVector buffers) {
            super(buffers);
            this.memory = memory;
            this.ends = ends;
        }

        static Guarded of(int buffers, int length) {
            int each = length / buffers;
            MemorySegment memory = Arena.ofAuto().allocate((long) length + (long) GUARD * (buffers + 1));
            memory.fill(MARK);
            IoVector vector = new IoVector(buffers);
            int[] ends = new int[buffers];
            int at = GUARD;
            for (int i = 0; i < buffers; i++) {
                int size = i == buffers - 1 ? length - each * i : each;
                vector.add(memory.address() + at, size);
                ends[i] = at + size;
                at += size + GUARD;
            }
            return new Guarded(memory, ends, vector);
        }

        void assertGuardsUntouched() {
            assertMarked(0);
            for (int end : ends) {
                assertMarked(end);
            }
        }

        private void assertMarked(int from) {
            for (int i = 0; i < GUARD; i++) {
                assertEquals(MARK, memory.get(ValueLayout.JAVA_BYTE, from + i), "at " + (from + i));
            }
        }

        @Override
        public void completed(int errno) {
            // The reader tells the connection, which is not there.
        }
    }

    private static final Command.Client NOBODY = new Command.Client() {
        @Override
        public void answered(BlockRequest request, int errno) {
            throw new IllegalStateException("The reader answers nobody but the connection.");
        }

        @Override
        public boolean isDraining() {
            return false;
        }
    };

    @FuzzTest
    void noReplyReachesBeyondItsRequest(FuzzedDataProvider data) {
        Commands commands = new Commands();
        List<Guarded> requests = new ArrayList<>();
        List<Command> complete = new ArrayList<>();
        int count = data.consumeInt(1, 4);
        for (int i = 0; i < count; i++) {
            requests.add(sent(commands, data));
        }
        ReplyReader reader = new ReplyReader(data.consumeBoolean(), commands, command -> {
            assertTrue(command.answered);
            assertTrue(command.received <= command.length);
            complete.add(command);
        });
        int longestPiece = data.consumeInt(1, 5000);
        try {
            while (data.remainingBytes() > 0) {
                feed(reader, message(commands, data), longestPiece);
            }
        } catch (NbdException e) {
            assertTrue(e.reason().startsWith("is served by something that breaks the protocol: "), e.reason());
        }
        requests.forEach(Guarded::assertGuardsUntouched);
        assertEquals(complete.stream().distinct().count(), complete.size());
    }

    /** Something that is nearly a reply, or quite one, or anything. */
    private static byte[] message(Commands commands, FuzzedDataProvider data) {
        Command command = commands.get(data.consumeInt(0, commands.count() - 1));
        long cookie = data.consumeInt(0, 9) == 0 ? data.consumeLong() : command.cookie();
        boolean done = data.consumeBoolean();
        long at = data.consumeInt(0, 9) == 0 ? data.consumeLong() : data.consumeInt(0, command.length - 1);
        int size = data.consumeInt(0, 9) == 0 ? data.consumeInt() : data.consumeInt(1, command.length);
        return switch (data.consumeInt(0, 6)) {
            case 0 -> data.consumeBytes(data.consumeInt(0, 100));
            case 1 ->
                ScriptedServer.bytes(out -> {
                    out.writeInt(Nbd.NBD_SIMPLE_REPLY_MAGIC);
                    out.writeInt(done ? 0 : data.consumeInt());
                    out.writeLong(cookie);
                    out.write(new byte[done && command.type == Nbd.NBD_CMD_READ ? command.length : 0]);
                });
            case 2 -> ScriptedServer.chunkBytes(cookie, done, Nbd.NBD_REPLY_TYPE_NONE);
            case 3 -> {
                byte[] hole = ScriptedServer.hole(command.offset + at, size);
                yield ScriptedServer.chunkBytes(cookie, done, Nbd.NBD_REPLY_TYPE_OFFSET_HOLE, hole);
            }
            case 4 -> {
                byte[] error = ScriptedServer.error(data.consumeInt(0, 200), "x".repeat(data.consumeInt(0, 5000)));
                int more = data.consumeInt(0, 9);
                int type = more == 8 ? Nbd.NBD_REPLY_TYPE_ERROR_OFFSET : Nbd.NBD_REPLY_TYPE_IS_ERROR | (more + 1);
                yield ScriptedServer.chunkBytes(cookie, done, type, Arrays.copyOf(error, error.length + more));
            }
            case 5 -> ScriptedServer.chunkBytes(cookie, done, data.consumeShort(), data.consumeBytes(40));
            default -> {
                byte[] bytes = new byte[Math.clamp(size, 0, 2 * MOST_LENGTH)];
                byte[] payload = ScriptedServer.data(command.offset + at, bytes);
                yield ScriptedServer.chunkBytes(cookie, done, Nbd.NBD_REPLY_TYPE_OFFSET_DATA, payload);
            }
        };
    }

    private static Guarded sent(Commands commands, FuzzedDataProvider data) {
        boolean read = data.consumeInt(0, 3) > 0;
        Guarded request = Guarded.of(data.consumeInt(1, 5), data.consumeInt(100, MOST_LENGTH));
        int length = (int) request.data().bytes();
        request.prepare(read ? Operation.READ : Operation.WRITE, data.consumeInt(0, 4096));
        Command command = commands.take(request, NOBODY);
        // A part of a request is what is asked for, too.
        command.position = data.consumeInt(0, length / 2);
        command.offset = request.offset() + command.position;
        command.length = data.consumeInt(1, length - (int) command.position);
        command.type = read ? Nbd.NBD_CMD_READ : Nbd.NBD_CMD_WRITE;
        command.renew();
        command.state = Command.State.SENT;
        return request;
    }

    /** Hands over as the kernel does: what there is room for, then the rest. */
    private static void feed(ReplyReader reader, byte[] bytes, int longestPiece) throws NbdException {
        MemorySegment source = MemorySegment.ofArray(bytes);
        int at = 0;
        while (at < bytes.length) {
            IoVector room = reader.room();
            assertTrue(room.bytes() > 0, "there is room for nothing");
            room.truncate(Math.min(bytes.length - at, longestPiece));
            int taken = (int) room.bytes();
            room.copyFrom(source, at);
            at += taken;
            reader.received(taken);
        }
    }

    @Test
    void seededInputs() {
        SeededInputs.run(ReplyReaderFuzz.class, 3000, this::noReplyReachesBeyondItsRequest);
    }
}
