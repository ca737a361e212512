package vmm.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import vmm.control.MessageReader.LimitException;

class MessageReaderTest {
    private final MessageReader reader = new MessageReader();

    private List<String> read(String text) throws LimitException {
        List<String> messages = new ArrayList<>();
        ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
        for (byte[] message = reader.next(bytes); message != null; message = reader.next(bytes)) {
            messages.add(new String(message, StandardCharsets.UTF_8));
        }
        assertFalse(bytes.hasRemaining());
        return messages;
    }

    @Test
    void messagesEndWhereTheirBracketsDoAndWordsWhereSomethingElseBegins() throws Exception {
        assertEquals(
                List.of("{\"a\":[{}]}", "[]", "\"x\"", "12", "true", "{}", ",", "}"),
                read(" {\"a\":[{}]}[]\"x\" 12\ttrue{},\r\n}\n"));
        assertFalse(reader.isWithin());
    }

    @Test
    void bracketsAndEscapedQuotesInStringsCountForNothing() throws Exception {
        assertEquals(List.of("{\"}\\\"]\":'\"}'}", "[]"), read("{\"}\\\"]\":'\"}'}[]"));
    }

    @Test
    void messagesComeInPieces() throws Exception {
        assertEquals(List.of(), read("{\"a"));
        assertTrue(reader.isWithin());
        assertEquals(List.of("{\"a\\\"\":1}"), read("\\\"\":1}"));
        assertEquals(List.of(), read("tr"));
        assertEquals(List.of("true"), read("ue "));
    }

    @Test
    void behindAMistakeMessagesGoOn() throws Exception {
        assertEquals(List.of("[}", "{}"), read("[}{}"));
        assertEquals(List.of("{\"execute\":\"foo\n", "{}"), read("{\"execute\":\"foo\n{}"));
        assertEquals(List.of("\"\1", "{}"), read("\"\1lost, \"{}".replace(", \"", "")));
    }

    @Test
    void theDeepestNestingIsThatOfQemu() throws Exception {
        String deep = "[".repeat(1024) + "]".repeat(1024);
        assertEquals(List.of(deep), read(deep));
        assertThrows(LimitException.class, () -> read("[".repeat(1025)));
    }

    @Test
    void theLongestMessageIsAMegabyte() throws Exception {
        String longest = "\"" + "x".repeat((1 << 20) - 2) + "\"";
        assertEquals(List.of(longest), read(longest));
        assertThrows(LimitException.class, () -> read("\"" + "x".repeat(1 << 20)));
    }
}
