package vmm.block;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class ByteSizeTest {
    @Test
    void unitsArePowersOf1024() {
        assertEquals(512, ByteSize.parse("512"));
        assertEquals(64 << 10, ByteSize.parse("64K"));
        assertEquals(512L << 20, ByteSize.parse("512m"));
        assertEquals(4L << 30, ByteSize.parse("4GiB"));
        assertEquals(1L << 40, ByteSize.parse(" 1TB "));
        assertEquals(0, ByteSize.parse("0"));
        assertEquals(100, ByteSize.parse("100B"));
    }

    @Test
    void whatIsNoSizeIsRefusedWithASentence() {
        for (String text : List.of("", "lots", "-1", "+1", "1.5G", "12Q", "G", "4GG", "4iB", "4 4", "\u0664")) {
            String message = refusal(text);
            assertTrue(message.startsWith("'" + text + "' is no size: write a whole number"), message);
        }
    }

    @Test
    void whatDoesNotFitIsRefusedWithASentence() {
        assertEquals(Long.MAX_VALUE, ByteSize.parse("9223372036854775807"));
        for (String text : List.of("9223372036854775808", "8388608T", "99999999999999999999999")) {
            assertTrue(refusal(text).contains("is too large"), refusal(text));
        }
    }

    @Test
    void formattedSizesAreExactAndReadBack() {
        assertEquals("0", ByteSize.format(0));
        assertEquals("512", ByteSize.format(512));
        assertEquals("1K", ByteSize.format(1024));
        assertEquals("1536", ByteSize.format(1536));
        assertEquals("512M", ByteSize.format(512L << 20));
        assertEquals("2048T", ByteSize.format(2L << 50));
        for (long size = 1; size > 0; size = size * 3 + (size >> 4)) {
            assertEquals(size, ByteSize.parse(ByteSize.format(size)));
        }
    }

    private static String refusal(String text) {
        return String.valueOf(assertThrows(IllegalArgumentException.class, () -> ByteSize.parse(text))
                .getMessage());
    }
}
