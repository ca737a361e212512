package vmm.lab.agent;

/** What a {@link Frame} says. */
public enum FrameType {
    /** Client: a new session begins. Payload: the protocol version, 4 bytes. */
    HELLO(0),
    /** Agent: the session is open. Payload: the agent's protocol version, 4 bytes. */
    WELCOME(1),
    /** Client: run a command on a new channel. Payload: a {@link StartRequest}. */
    START(2),
    /** Client: bytes for the command's standard input; an empty payload is its end. */
    STDIN(3),
    /** Agent: bytes of the command's standard output; an empty payload is its end. */
    STDOUT(4),
    /** Agent: bytes of the command's standard error; an empty payload is its end. */
    STDERR(5),
    /** Either: the receiver of a stream took bytes. Payload: stream's type (4 bytes), count (4 bytes). */
    CREDIT(6),
    /** Client: a signal for the command's process group. Payload: its number, 4 bytes. */
    SIGNAL(7),
    /** Agent: the command ended. Payload: exit status, or 128 plus the signal that ended it, 4 bytes. */
    EXIT(8),
    /** Client: are you there? */
    PING(9),
    /** Agent: yes. */
    PONG(10),
    /** Client: power off. */
    SHUTDOWN(11);

    private static final FrameType[] BY_CODE = new FrameType[12];

    static {
        for (FrameType type : values()) {
            BY_CODE[type.code] = type;
        }
    }

    private final int code;

    FrameType(int code) {
        this.code = code;
    }

    /** The wire's type byte. */
    public int code() {
        return code;
    }

    static boolean isCode(int code) {
        return code >= 0 && code < BY_CODE.length;
    }

    static FrameType ofCode(int code) {
        return BY_CODE[code];
    }
}
