package vmm.lab.agent;

import java.nio.ByteBuffer;

/** One message between client and agent. */
public final class Frame {
    /** Bytes before the payload: magic, session, type and channel, payload length; big-endian, 4 bytes each. */
    static final int HEADER_SIZE = 16;

    /** The longest payload. */
    static final int MAX_PAYLOAD = 128 * 1024;

    static final int MAGIC = 0x7e4c4162;

    static final int MAX_CHANNEL = (1 << 24) - 1;

    private final int session;
    private final FrameType type;
    private final int channel;
    private final byte[] payload;

    Frame(int session, FrameType type, int channel, byte[] payload) {
        this.session = session;
        this.type = type;
        this.channel = channel;
        this.payload = payload;
    }

    /** The client's random name of its connection; see {@link Link}. */
    public int session() {
        return session;
    }

    /** What it says. */
    public FrameType type() {
        return type;
    }

    /** The command it concerns, 0 if none. */
    public int channel() {
        return channel;
    }

    /** The receiver's own array, not a copy. */
    public byte[] payload() {
        return payload;
    }

    /** The 4-byte number at {@code offset} of the payload. */
    public int intAt(int offset) {
        return ByteBuffer.wrap(payload).getInt(offset);
    }

    /** A payload of 4-byte numbers. */
    public static byte[] ints(int... values) {
        ByteBuffer buffer = ByteBuffer.allocate(4 * values.length);
        for (int value : values) {
            buffer.putInt(value);
        }
        return buffer.array();
    }
}
