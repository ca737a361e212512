package vmm.lab;

import java.time.Duration;
import vmm.linux.HostException;

/** Root, logged in on the console of a guest that started from a {@link DebianDisk}. */
public final class DebianSession {
    /** What the guest says when somebody may log in. */
    public static final String LOGIN = "login: ";

    private static final String PROMPT = ":~# ";

    // The shell makes these of what is typed, which the console shows as well.
    private static final String BEGIN = "beg1in";
    private static final String TYPED_BEGIN = "beg$((1))in";
    private static final String END = "en1d";
    private static final String TYPED_END = "en$((1))d";

    private static final String LINE_END = "\r\n";

    private final Dialogue console;
    private final Duration patience;

    private DebianSession(Dialogue console, Duration patience) {
        this.console = console;
        this.patience = patience;
    }

    /**
     * Logs in, as soon as the guest has said {@link #LOGIN}.
     *
     * @param patience how long each answer may take
     * @throws HostException if the guest does not answer in time
     */
    public static DebianSession open(Dialogue console, Duration patience) throws InterruptedException {
        DebianSession session = new DebianSession(console, patience);
        console.type("root");
        session.need(PROMPT);
        return session;
    }

    /**
     * Runs a command.
     *
     * @return what it said
     * @throws HostException if it does not end in time
     */
    public String run(String command) throws InterruptedException {
        console.type("echo " + TYPED_BEGIN + "; " + command + "; echo " + TYPED_END);
        need(BEGIN + LINE_END);
        String output = need(END + LINE_END);
        need(PROMPT);
        return output.replace(LINE_END, "\n").strip();
    }

    /** Types a command that ends the session. */
    public void leave(String command) {
        console.type(command);
    }

    /** Returns what was said before a text. */
    private String need(String text) throws InterruptedException {
        return console.take(text, patience)
                .orElseThrow(() -> new HostException("The guest did not say \"" + text.strip()
                        + "\" in time; its last words: " + console.rest().strip()));
    }
}
