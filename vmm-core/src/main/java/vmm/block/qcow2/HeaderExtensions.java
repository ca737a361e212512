package vmm.block.qcow2;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/**
 * What the header extensions say that this VMM wants to know (qcow2, Header extensions).
 *
 * @param backingFormat the format of the backing file; empty if it is not told
 * @param features names of incompatible features, by bit
 */
record HeaderExtensions(String backingFormat, Map<Integer, String> features) {
    private static final int END = 0;
    private static final int BACKING_FORMAT = 0xE2792ACA;
    private static final int FEATURE_NAMES = 0x6803F857;

    private static final int FEATURE_SIZE = 48;

    /** Reads the extensions between {@code area}'s position and its limit. */
    static HeaderExtensions read(String disk, ByteBuffer area) {
        String format = "";
        Map<Integer, String> features = new HashMap<>();
        while (area.remaining() >= 8) {
            int type = area.getInt();
            int size = area.getInt();
            if (type == END) {
                break;
            }
            if (size < 0 || size > area.remaining()) {
                throw Header.damaged(
                        disk,
                        "the length of header extension 0x" + Integer.toHexString(type),
                        Integer.toUnsignedString(size),
                        "more than there is room for");
            }
            ByteBuffer data = area.slice(area.position(), size);
            if (type == BACKING_FORMAT) {
                format = text(data);
            } else if (type == FEATURE_NAMES) {
                addNames(data, features);
            }
            area.position(Math.min(area.position() + ((size + 7) & ~7), area.limit()));
        }
        return new HeaderExtensions(format, features);
    }

    private static void addNames(ByteBuffer table, Map<Integer, String> features) {
        for (int at = 0; at + FEATURE_SIZE <= table.limit(); at += FEATURE_SIZE) {
            boolean incompatible = table.get(at) == 0;
            if (incompatible) {
                features.put((int) table.get(at + 1), text(table.slice(at + 2, FEATURE_SIZE - 2)));
            }
        }
    }

    /** A string that ends with its bytes or at the first zero. */
    static String text(ByteBuffer bytes) {
        String text = StandardCharsets.UTF_8.decode(bytes).toString();
        int end = text.indexOf('\0');
        return end < 0 ? text : text.substring(0, end);
    }
}
