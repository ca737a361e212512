package vmm.domain;

import java.util.ArrayDeque;
import java.util.Deque;

/** Writes elements, each on a line of its own. One thread. */
final class XmlWriter {
    private final StringBuilder text = new StringBuilder();
    private final Deque<String> open = new ArrayDeque<>();

    /**
     * Begins an element that others are in.
     *
     * @param attributes names and values by turns
     */
    XmlWriter begin(String name, Object... attributes) {
        tag(name, attributes).append(">\n");
        open.push(name);
        return this;
    }

    /** Ends the innermost element. */
    XmlWriter end() {
        String name = open.pop();
        indent().append("</").append(name).append(">\n");
        return this;
    }

    /** An element that is empty but for its attributes. */
    XmlWriter empty(String name, Object... attributes) {
        tag(name, attributes).append("/>\n");
        return this;
    }

    /** An element with a text in it. */
    XmlWriter text(String name, Object content, Object... attributes) {
        tag(name, attributes).append('>');
        escape(content.toString()).append("</").append(name).append(">\n");
        return this;
    }

    /** A remark for people. */
    XmlWriter comment(String words) {
        // XML 1.0 2.5: no two hyphens in a comment, and none at its end.
        indent().append("<!-- ");
        escape(words.replace("-", "\u2010")).append(" -->\n");
        return this;
    }

    private StringBuilder tag(String name, Object... attributes) {
        indent().append('<').append(name);
        for (int i = 0; i < attributes.length; i += 2) {
            text.append(' ').append(attributes[i]).append("='");
            escape(attributes[i + 1].toString()).append('\'');
        }
        return text;
    }

    private StringBuilder indent() {
        return text.repeat("  ", open.size());
    }

    private StringBuilder escape(String content) {
        content.codePoints().forEach(c -> {
            switch (c) {
                case '<' -> text.append("&lt;");
                case '>' -> text.append("&gt;");
                case '&' -> text.append("&amp;");
                case '\'' -> text.append("&apos;");
                case '\t', '\n', '\r' -> text.append("&#").append(c).append(';');
                default -> text.appendCodePoint(isCharacter(c) ? c : '\ufffd');
            }
        });
        return text;
    }

    /** XML 1.0 2.2: no document can hold any other. */
    private static boolean isCharacter(int c) {
        return (c >= 0x20 && c <= 0xd7ff) || (c >= 0xe000 && c <= 0xfffd) || c >= 0x10000;
    }

    @Override
    public String toString() {
        return text.toString();
    }
}
