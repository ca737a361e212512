package vmm.lab.agent;

import java.nio.ByteBuffer;

/**
 * One message between client and agent.
 *
 * @param session the client's random name of this connection; see {@link Link}
 * @param type what it says
 * @param channel the command it concerns, 0 if none; below 2^24
 * @param payload the receiver's own copy
 */
public record Frame(int session, FrameType type, int channel, byte[] payload) {
    /** Bytes before the payload: magic, session, type and channel, payload length; big-endian, 4 bytes each. */
    static final int HEADER_SIZE = 16;

    /** The longest payload. Also the length of the padding with which a session begins. */
    static final int MAX_PAYLOAD = 128 * 1024;

    static final int MAGIC = 0x7e4c4162;

    static final int MAX_CHANNEL = (1 << 24) - 1;

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
