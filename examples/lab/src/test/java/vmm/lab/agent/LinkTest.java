package vmm.lab.agent;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class LinkTest {
    private static final int SESSION = 0x1234_5678;

    /** What is written can be read, in pieces of a few bytes. */
    private static final class Loop implements ByteChannel {
        private final ByteArrayOutputStream written = new ByteArrayOutputStream();
        private final Random sizes = new Random(1);
        private int taken;

        void put(byte[] bytes, int length) {
            written.write(bytes, 0, length);
        }

        @Override
        public int read(ByteBuffer target) {
            byte[] all = written.toByteArray();
            int count = Math.min(Math.min(target.remaining(), all.length - taken), 1 + sizes.nextInt(50_000));
            if (all.length == taken) {
                return -1;
            }
            target.put(all, taken, count);
            taken += count;
            return count;
        }

        @Override
        public int write(ByteBuffer source) {
            byte[] bytes = new byte[Math.min(source.remaining(), 1 + sizes.nextInt(50_000))];
            source.get(bytes);
            written.writeBytes(bytes);
            return bytes.length;
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void close() {}
    }

    @Test
    void framesOfAllTypesAndSizesComeOutAsTheyWentIn() throws IOException {
        Link link = new Link(new Loop());
        Random random = new Random(2);
        List<FrameType> types = List.of(FrameType.values());
        for (int i = 0; i < 100; i++) {
            FrameType type = types.get(i % types.size());
            byte[] payload = new byte[i % 10 == 0 ? Frame.MAX_PAYLOAD : random.nextInt(500)];
            random.nextBytes(payload);
            link.send(SESSION, type, i * 1000, payload);
            Frame frame = requireNonNull(link.receive());
            assertEquals(SESSION, frame.session());
            assertEquals(type, frame.type());
            assertEquals(i * 1000, frame.channel());
            assertArrayEquals(payload, frame.payload());
        }
        assertNull(link.receive());
    }

    @Test
    void theRemainsOfADeadClientAreSkippedWhereverItWasCutOff() throws IOException {
        Loop frames = new Loop();
        byte[] payload = new byte[Frame.MAX_PAYLOAD];
        new Random(3).nextBytes(payload);
        new Link(frames).send(99, FrameType.STDIN, 1, payload);
        byte[] old = frames.written.toByteArray();
        for (int cut : List.of(0, 1, 15, 16, 17, 5_000, old.length - 1, old.length)) {
            Loop loop = new Loop();
            loop.put(old, cut);
            Link link = new Link(loop);
            link.open(SESSION);
            link.send(SESSION, FrameType.PING, 0, Frame.ints(7));
            Frame hello = requireNonNull(huntAsAnAgentInMidSession(link));
            assertEquals(SESSION, hello.session());
            assertEquals(FrameType.PING, requireNonNull(link.receive()).type());
        }
    }

    /** The agent did not see the end of the old connection: it takes frames for as long as they are whole. */
    private static Frame huntAsAnAgentInMidSession(Link link) throws IOException {
        try {
            Frame frame = requireNonNull(link.receive());
            return frame.type() == FrameType.HELLO ? frame : requireNonNull(link.hunt(FrameType.HELLO, null));
        } catch (IOException e) {
            return requireNonNull(link.hunt(FrameType.HELLO, null));
        }
    }

    @Test
    void aClientFindsItsOwnWelcomeAmongAnothersOutput() throws IOException {
        Loop loop = new Loop();
        Link link = new Link(loop);
        loop.put(new byte[] {1, 2, 3}, 3);
        link.send(1, FrameType.WELCOME, 0, Frame.ints(1));
        link.send(1, FrameType.STDOUT, 5, new byte[1000]);
        link.send(SESSION, FrameType.WELCOME, 0, Frame.ints(42));
        assertEquals(42, requireNonNull(link.hunt(FrameType.WELCOME, SESSION)).intAt(0));
    }

    @Test
    void whatIsNoFrameIsRefused() {
        Loop loop = new Loop();
        loop.put(new byte[100], 100);
        assertThrows(IOException.class, new Link(loop)::receive);
    }

    @Test
    void aStartRequestSurvivesTheWire() throws IOException {
        StartRequest request = new StartRequest(
                List.of("echo", "", "ä b", "'\n"),
                "/tmp/ü",
                Map.of("A", "", "B", "x=y"),
                new StartRequest.TerminalSize(24, 80));
        assertEquals(request, StartRequest.decode(request.encode()));
    }
}
