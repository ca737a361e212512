package vmm.control;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Finds where JSON values end in a stream of them, whether they are correct or not: a value ends where its brackets are
 * closed, and a word where something else begins. So whoever reads them can go on behind one that is not correct. What
 * it keeps is bounded. One thread.
 */
final class MessageReader {
    /** The deepest nesting, QEMU's limit. */
    static final int MOST_NESTING = 1024;

    /** The longest message in bytes; commands are some hundred. */
    static final int MOST_BYTES = 1 << 20;

    private static final int FIRST_BYTES = 512;
    private static final byte NONE = 0;

    private byte[] message = new byte[FIRST_BYTES];
    private int length;
    private int braces;
    private int brackets;

    /** The mark that the string ends with in which we are. */
    private byte quote = NONE;

    private boolean escaped;

    /** In a word at the outermost level, which no bracket ends. */
    private boolean word;

    /** Behind a string that has no end: nothing counts up to the end of the line, or a bracket. */
    private boolean lost;

    /** Why nobody should go on with a stream. */
    static final class LimitException extends Exception {
        private static final long serialVersionUID = 1;

        LimitException(String message) {
            super(message);
        }
    }

    /** True within a message whose end has not come. */
    boolean isWithin() {
        return length > 0;
    }

    /**
     * Takes bytes up to the end of a message.
     *
     * @return the message, or null if its end is not among the bytes, which are taken then
     * @throws LimitException if the message is longer or nested deeper than any should be
     */
    byte @Nullable [] next(ByteBuffer bytes) throws LimitException {
        while (bytes.hasRemaining()) {
            byte next = bytes.get();
            if (word && endsWord(next)) {
                bytes.position(bytes.position() - 1);
                return take();
            }
            if (length == 0 && (isSpace(next) || isSkipped(next))) {
                continue;
            }
            keep(next);
            if (quote != NONE ? isEndInString(next) : isEnd(next)) {
                return take();
            }
        }
        return null;
    }

    private void keep(byte next) throws LimitException {
        if (length == MOST_BYTES) {
            throw new LimitException("JSON token size limit exceeded");
        }
        if (length == message.length) {
            message = Arrays.copyOf(message, Math.min(2 * length, MOST_BYTES));
        }
        message[length++] = next;
    }

    private byte[] take() {
        byte[] taken = Arrays.copyOf(message, length);
        message = new byte[FIRST_BYTES];
        length = 0;
        braces = 0;
        brackets = 0;
        quote = NONE;
        escaped = false;
        word = false;
        return taken;
    }

    /** A string of its own is a message, as is one that a line's end cuts off. */
    private boolean isEndInString(byte next) {
        if (next >= 0 && next < ' ') {
            lost = next != '\n' && next != '\r';
            return true;
        }
        if (escaped) {
            escaped = false;
        } else if (next == '\\') {
            escaped = true;
        } else if (next == quote) {
            quote = NONE;
            return braces == 0 && brackets == 0;
        }
        return false;
    }

    private boolean isEnd(byte next) throws LimitException {
        switch (next) {
            case '{' -> braces++;
            case '}' -> braces--;
            case '[' -> brackets++;
            case ']' -> brackets--;
            case '"', '\'' -> quote = next;
            default -> word = braces == 0 && brackets == 0 && next != ',' && next != ':';
        }
        if (braces + brackets > MOST_NESTING) {
            throw new LimitException("JSON nesting depth limit exceeded");
        }
        boolean outside = braces == 0 && brackets == 0 && quote == NONE && !word;
        return outside || braces < 0 || brackets < 0;
    }

    private boolean isSkipped(byte next) {
        if (lost) {
            lost = !isStructure(next) && !(next >= 0 && next < ' ' && next != '\t');
        }
        return lost;
    }

    private static boolean endsWord(byte next) {
        return isSpace(next) || isStructure(next) || next == '"' || next == '\'';
    }

    private static boolean isStructure(byte next) {
        return switch (next) {
            case '{', '}', '[', ']', ',', ':' -> true;
            default -> false;
        };
    }

    private static boolean isSpace(byte next) {
        return next == ' ' || next == '\t' || next == '\n' || next == '\r';
    }
}
