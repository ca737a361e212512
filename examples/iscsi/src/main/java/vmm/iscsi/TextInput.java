package vmm.iscsi;

import java.io.ByteArrayOutputStream;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Puts together a text that an initiator sends in pieces (RFC 7143 6.2, the C bit). */
final class TextInput {
    private static final int CONTINUE = 0x40;
    private static final int LONGEST = 64 << 10;

    private final ByteArrayOutputStream collected = new ByteArrayOutputStream();

    /**
     * Adds a piece.
     *
     * @return all pairs, or null if more pieces are to come
     * @throws ProtocolException if the text is too long or no text
     */
    @Nullable
    Map<String, String> add(Pdu piece) throws ProtocolException {
        collected.writeBytes(TextKeys.bytes(piece));
        if (collected.size() > LONGEST) {
            throw new ProtocolException("A text is longer than " + LONGEST + " bytes.");
        }
        if (piece.has(1, CONTINUE)) {
            return null;
        }
        byte[] whole = collected.toByteArray();
        collected.reset();
        return TextKeys.parse(whole);
    }
}
