package vmm.firmware.smbios;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** One structure under construction (SMBIOS 2.8 6.1.2): a header, fields one after the other, strings at the end. */
final class Structure {
    private static final int LENGTH = 1;

    private final ByteArrayOutputStream formatted = new ByteArrayOutputStream();
    private final List<String> strings = new ArrayList<>();

    Structure(int type, int handle) {
        u8(type).u8(0).u16(handle);
    }

    Structure u8(int value) {
        formatted.write(value);
        return this;
    }

    Structure u16(int value) {
        return u8(value).u8(value >> Byte.SIZE);
    }

    Structure u32(long value) {
        return u16((int) value).u16((int) (value >> Short.SIZE));
    }

    Structure u64(long value) {
        return u32(value).u32(value >> Integer.SIZE);
    }

    Structure zeros(int count) {
        formatted.write(new byte[count], 0, count);
        return this;
    }

    /** A field that has a string's number, 0 for an empty one. */
    Structure text(String value) {
        if (value.isEmpty()) {
            return u8(0);
        }
        strings.add(value);
        return u8(strings.size());
    }

    /** The first three parts of a UUID are little-endian (7.2.1). */
    Structure uuid(UUID value) {
        long high = value.getMostSignificantBits();
        return u32(high >>> 32)
                .u16((int) (high >>> 16))
                .u16((int) high)
                .u64(Long.reverseBytes(value.getLeastSignificantBits()));
    }

    /** Header, fields and strings, with the zeros that end them (6.1.3). */
    byte[] toByteArray() {
        int length = formatted.size();
        for (String string : strings) {
            byte[] ascii = string.getBytes(StandardCharsets.US_ASCII);
            formatted.write(ascii, 0, ascii.length);
            formatted.write(0);
        }
        zeros(strings.isEmpty() ? 2 : 1);
        byte[] bytes = formatted.toByteArray();
        bytes[LENGTH] = (byte) length;
        return bytes;
    }
}
