package vmm.iscsi;

import org.jspecify.annotations.Nullable;

/**
 * Which commands may come, by their numbers, and in which order they are taken (RFC 7143 4.2.2.1). Numbers are compared
 * by the distance between them, since they wrap. Loop thread only.
 */
final class CommandWindow {
    /** How many commands of a session can be on their way or in flight. */
    static final int SIZE = 64;

    /** Commands that came before those they have to follow. */
    private final @Nullable Pdu[] early = new @Nullable Pdu[SIZE];

    private int expected;
    private int last;

    CommandWindow(int first) {
        expected = first;
        last = first + SIZE - 1;
    }

    /** ExpCmdSN: the number of the next command. */
    int expected() {
        return expected;
    }

    /** MaxCmdSN: the last number that may come. */
    int last() {
        return last;
    }

    /** Keeps a command for {@link #next}. What is out of the window, or there already, is ignored. */
    void add(Pdu command) {
        int number = command.cmdSn();
        if (number - expected >= 0 && last - number >= 0) {
            early[number & (SIZE - 1)] = command;
        }
    }

    /** The command whose turn it is, or null if it has not come. */
    @Nullable
    Pdu next() {
        int place = expected & (SIZE - 1);
        Pdu command = early[place];
        if (command != null) {
            early[place] = null;
            expected++;
        }
        return command;
    }

    /**
     * Lets more commands come, now that so many are in flight. RFC 7143 4.2.2.1: the last number never goes back.
     *
     * @param inFlight at most {@link #SIZE}
     */
    void open(int inFlight) {
        int limit = expected + SIZE - 1 - inFlight;
        if (limit - last > 0) {
            last = limit;
        }
    }
}
