package vmm.lab.agent;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Frames over a byte channel that outlives its clients.
 *
 * <p>A virtio-serial port is one pipe for all clients that come one after the other. What a client that died left in it
 * can be half a frame, in either direction, and the end of its connection can go unseen. So every session has a random
 * name and begins with as many zeros as a frame is long at most, which complete whatever frame was open; then each side
 * hunts for the first header that opens the new session and drops everything before it.
 *
 * <p>One thread receives; any thread may send.
 */
public final class Link implements Closeable {
    /** Changes whenever the two sides would misunderstand each other. */
    public static final int PROTOCOL_VERSION = 1;

    private final ByteChannel channel;
    private final ByteBuffer in =
            ByteBuffer.allocate(2 * (Frame.HEADER_SIZE + Frame.MAX_PAYLOAD)).flip();
    private final ReentrantLock sending = new ReentrantLock();

    /** Frames over {@code channel}, whose reads and writes must not wait for each other. */
    public Link(ByteChannel channel) {
        this.channel = channel;
    }

    /**
     * Sends one frame, waiting for room.
     *
     * @throws IOException if the other side is gone
     */
    public void send(int session, FrameType type, int channelNumber, byte[] payload, int offset, int length)
            throws IOException {
        if (length > Frame.MAX_PAYLOAD || channelNumber > Frame.MAX_CHANNEL) {
            throw new IllegalArgumentException("frame of " + length + " bytes on channel " + channelNumber);
        }
        ByteBuffer frame = ByteBuffer.allocate(Frame.HEADER_SIZE + length)
                .putInt(Frame.MAGIC)
                .putInt(session)
                .putInt(type.code() << 24 | channelNumber)
                .putInt(length)
                .put(payload, offset, length)
                .flip();
        write(frame);
    }

    /** Sends one frame with the whole of {@code payload}. */
    public void send(int session, FrameType type, int channelNumber, byte[] payload) throws IOException {
        send(session, type, channelNumber, payload, 0, payload.length);
    }

    /** Opens a session: the padding, then {@link FrameType#HELLO}. */
    public void open(int session) throws IOException {
        write(ByteBuffer.allocate(Frame.HEADER_SIZE + Frame.MAX_PAYLOAD));
        send(session, FrameType.HELLO, 0, Frame.ints(PROTOCOL_VERSION));
    }

    private void write(ByteBuffer bytes) throws IOException {
        sending.lock();
        try {
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        } finally {
            sending.unlock();
        }
    }

    /**
     * Drops bytes until a frame of {@code type} begins, and returns that frame.
     *
     * @param session the session it must belong to, or null for any
     * @return null at the end of the connection
     */
    public @Nullable Frame hunt(FrameType type, @Nullable Integer session) throws IOException {
        while (fill(Frame.HEADER_SIZE)) {
            int at = in.position();
            boolean found = in.getInt(at) == Frame.MAGIC
                    && in.getInt(at + 8) >>> 24 == type.code()
                    && in.getInt(at + 12) >= 0
                    && in.getInt(at + 12) <= Frame.MAX_PAYLOAD
                    && (session == null || in.getInt(at + 4) == session);
            if (found) {
                return receive();
            }
            in.position(at + 1);
        }
        return null;
    }

    /**
     * The next frame.
     *
     * @return null at the end of the connection
     * @throws IOException if what came is no frame, or reading failed
     */
    public @Nullable Frame receive() throws IOException {
        if (!fill(Frame.HEADER_SIZE)) {
            return null;
        }
        int at = in.position();
        int session = in.getInt(at + 4);
        int typeAndChannel = in.getInt(at + 8);
        int length = in.getInt(at + 12);
        if (in.getInt(at) != Frame.MAGIC
                || !FrameType.isCode(typeAndChannel >>> 24)
                || length < 0
                || length > Frame.MAX_PAYLOAD) {
            throw new IOException("what came through the lab's port is no frame");
        }
        if (!fill(Frame.HEADER_SIZE + length)) {
            return null;
        }
        byte[] payload = new byte[length];
        in.position(at(Frame.HEADER_SIZE)).get(payload);
        return new Frame(session, FrameType.ofCode(typeAndChannel >>> 24), typeAndChannel & Frame.MAX_CHANNEL, payload);
    }

    private int at(int offset) {
        return in.position() + offset;
    }

    /** Forgets what was received and not yet looked at. */
    void discardInput() {
        in.position(in.limit());
    }

    private boolean fill(int wanted) throws IOException {
        if (in.remaining() >= wanted) {
            return true;
        }
        if (in.position() > in.capacity() - Frame.HEADER_SIZE - Frame.MAX_PAYLOAD) {
            in.compact().flip();
        }
        while (in.remaining() < wanted) {
            int end = in.limit();
            int start = in.position();
            in.limit(in.capacity()).position(end);
            int count;
            try {
                count = channel.read(in);
            } finally {
                in.limit(in.position()).position(start);
            }
            if (count < 0) {
                return false;
            }
        }
        return true;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
