package vmm.lab.agent;

/** What a {@link Frame} says. The ordinal is the wire's type byte, so new types go to the end. */
public enum FrameType {
    /** Client: a new session begins. Payload: the protocol version, 4 bytes. */
    HELLO,
    /** Agent: the session is open. Payload: the agent's protocol version, 4 bytes. */
    WELCOME,
    /** Client: run a command on a new channel. Payload: a {@link StartRequest}. */
    START,
    /** Client: bytes for the command's standard input; an empty payload is its end. */
    STDIN,
    /** Agent: bytes of the command's standard output; an empty payload is its end. */
    STDOUT,
    /** Agent: bytes of the command's standard error; an empty payload is its end. */
    STDERR,
    /** Either: the receiver of a stream took bytes. Payload: stream's type (4 bytes), count (4 bytes). */
    CREDIT,
    /** Client: a signal for the command's process group. Payload: its number, 4 bytes. */
    SIGNAL,
    /** Agent: the command ended. Payload: exit status, or 128 plus the signal that ended it, 4 bytes. */
    EXIT,
    /** Client: are you there? */
    PING,
    /** Agent: yes. */
    PONG,
    /** Client: power off. */
    SHUTDOWN;

    private static final FrameType[] BY_CODE = values();

    /** The type byte. */
    public int code() {
        return ordinal();
    }

    static boolean isCode(int code) {
        return code >= 0 && code < BY_CODE.length;
    }

    static FrameType ofCode(int code) {
        return BY_CODE[code];
    }
}
