package vmm.lab;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.time.Duration;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import vmm.linux.HostException;

@Timeout(20)
class DialogueTest {
    private static final Duration LONG = Duration.ofMinutes(1);

    private final Dialogue dialogue = new Dialogue();

    private void say(String text) throws IOException {
        dialogue.output().write(text.getBytes(US_ASCII));
    }

    @Test
    void aTextThatComesInPiecesIsHeardWhenItIsWhole() throws IOException, InterruptedException {
        say("log");
        long between = System.nanoTime();
        say("in: and more");

        assertTrue(dialogue.await("login: ", LONG).orElseThrow() >= between);
        assertEquals("and more", dialogue.rest());
    }

    @Test
    void eachTextIsLookedForBehindTheOneBefore() throws IOException, InterruptedException {
        say("one two");

        assertTrue(dialogue.await("two", LONG).isPresent());
        assertEquals(OptionalLong.empty(), dialogue.await("one", Duration.ofMillis(10)));
    }

    @Test
    void nobodyWaitsForACommandThatHasEnded() throws InterruptedException {
        Thread.ofVirtual().start(dialogue::end);

        assertEquals(OptionalLong.empty(), dialogue.await("never", LONG));
    }

    @Test
    void whatIsTypedEndsAsTheEnterKeyHasIt() throws IOException {
        dialogue.type("root");
        dialogue.close();

        assertArrayEquals("root\r".getBytes(US_ASCII), dialogue.input().readAllBytes());
    }

    @Test
    void aSessionKnowsWhatACommandSaidFromWhatWasTyped() throws Exception {
        say("debian login: root\r\nroot@debian:~# ");
        DebianSession session = DebianSession.open(dialogue, LONG);
        say("echo beg$((1))in; id -u; echo en$((1))d\r\nbeg1in\r\n0\r\nen1d\r\nroot@debian:~# ");

        assertEquals("0", session.run("id -u"));
    }

    @Test
    void aGuestThatDoesNotAnswerIsToldWithItsLastWords() throws IOException {
        say("Kernel panic");

        HostException silent =
                assertThrows(HostException.class, () -> DebianSession.open(dialogue, Duration.ofMillis(10)));
        assertEquals("The guest did not say \":~#\" in time; its last words: Kernel panic", silent.getMessage());
    }
}
