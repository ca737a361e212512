package vmm.launcher;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/** Takes what a guest prints, shows it line by line, and keeps the lines of the form {@code fact: KEY = VALUE}. */
final class GuestWords extends OutputStream {
    private static final String MARK = "fact: ";
    private static final String EQUALS = " = ";

    private final PrintStream shown;
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();
    private final Map<String, String> facts = new LinkedHashMap<>();

    GuestWords(PrintStream shown) {
        this.shown = shown;
    }

    @Override
    public synchronized void write(int octet) {
        if (octet == '\n') {
            tell(line.toString(StandardCharsets.UTF_8).strip());
            line.reset();
        } else {
            line.write(octet);
        }
    }

    private void tell(String words) {
        int equals = words.indexOf(EQUALS);
        if (words.startsWith(MARK) && equals > 0) {
            facts.put(
                    words.substring(MARK.length(), equals).strip(),
                    words.substring(equals + EQUALS.length()).strip());
        } else if (!words.isEmpty()) {
            shown.println("  guest | " + words);
        }
    }

    /** What the guest told so far. */
    synchronized Map<String, String> facts() {
        return new LinkedHashMap<>(facts);
    }
}
