package vmm.iscsi;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.Map;

/** The text of login and text PDUs: {@code key=value} pairs, each with a zero byte at its end (RFC 7143 6.1). */
final class TextKeys {
    private TextKeys() {}

    /**
     * Reads pairs.
     *
     * @throws ProtocolException if something is no pair or a key comes twice
     */
    static Map<String, String> parse(byte[] text) throws ProtocolException {
        Map<String, String> pairs = new LinkedHashMap<>();
        for (String pair : new String(text, UTF_8).split("\0", -1)) {
            if (pair.isEmpty()) {
                continue;
            }
            int equals = pair.indexOf('=');
            if (equals <= 0) {
                throw new ProtocolException("Text without a key.");
            }
            // RFC 7143 6.2: no key may be negotiated or declared twice
            if (pairs.putIfAbsent(pair.substring(0, equals), pair.substring(equals + 1)) != null) {
                throw new ProtocolException("The key " + pair.substring(0, equals) + " comes twice.");
            }
        }
        return pairs;
    }

    /** The bytes of a text that came in one data segment. */
    static byte[] bytes(Pdu pdu) {
        return pdu.data().toArray(JAVA_BYTE);
    }

    /** Writes pairs. */
    static MemorySegment format(Map<String, String> pairs) {
        StringBuilder text = new StringBuilder();
        pairs.forEach((key, value) -> text.append(key).append('=').append(value).append('\0'));
        return MemorySegment.ofArray(text.toString().getBytes(UTF_8));
    }
}
