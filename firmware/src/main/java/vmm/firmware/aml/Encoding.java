package vmm.firmware.aml;

import java.util.regex.Pattern;

/** The byte sequences that AML is made of (ACPI 6.5 20.2.1 to 20.2.3 and 20.2.4). */
final class Encoding {
    static final byte[] NONE = {};

    /** The longest package that PkgLength can tell: 28 bits. */
    private static final int MAX_PACKAGE = 0xfff_ffff;

    private static final Pattern SEGMENT = Pattern.compile("[A-Z_][A-Z0-9_]{0,3}");

    private static final Pattern NAME = Pattern.compile("(\\\\|\\^*)(" + SEGMENT + "(\\." + SEGMENT + ")*)?");

    private Encoding() {}

    static byte[] bytes(int... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return bytes;
    }

    static byte[] concat(byte[]... parts) {
        int length = 0;
        for (byte[] part : parts) {
            length += part.length;
        }
        byte[] whole = new byte[length];
        int at = 0;
        for (byte[] part : parts) {
            System.arraycopy(part, 0, whole, at, part.length);
            at += part.length;
        }
        return whole;
    }

    static byte[] concat(Term... terms) {
        byte[][] parts = new byte[terms.length][];
        for (int i = 0; i < terms.length; i++) {
            parts[i] = terms[i].encoding();
        }
        return concat(parts);
    }

    /** The low {@code size} bytes of {@code value}, least significant first. */
    static byte[] littleEndian(long value, int size) {
        byte[] bytes = new byte[size];
        for (int i = 0; i < size; i++) {
            bytes[i] = (byte) (value >>> (8 * i));
        }
        return bytes;
    }

    /** An integer in its shortest form; {@code value} is unsigned (20.2.3, ComputationalData). */
    static byte[] integer(long value) {
        if (value == 0 || value == 1 || value == -1) {
            return bytes((int) value); // ZeroOp, OneOp, OnesOp
        }
        if (value >>> 8 == 0) {
            return concat(bytes(0x0a), littleEndian(value, 1));
        }
        if (value >>> 16 == 0) {
            return concat(bytes(0x0b), littleEndian(value, 2));
        }
        if (value >>> 32 == 0) {
            return concat(bytes(0x0c), littleEndian(value, 4));
        }
        return concat(bytes(0x0e), littleEndian(value, 8));
    }

    /** {@code opcode}, a PkgLength that counts itself, and the rest. */
    static byte[] packaged(byte[] opcode, byte[]... rest) {
        byte[] content = concat(rest);
        int lengthBytes = 1;
        while (content.length + lengthBytes > largest(lengthBytes)) {
            lengthBytes++;
        }
        return concat(opcode, packageLength(content.length + lengthBytes, lengthBytes), content);
    }

    /** A PkgLength as a plain number, as field lists have it (20.2.5.2). */
    static byte[] packageLength(int value) {
        int lengthBytes = 1;
        while (value > largest(lengthBytes)) {
            lengthBytes++;
        }
        return packageLength(value, lengthBytes);
    }

    private static int largest(int lengthBytes) {
        return lengthBytes == 1 ? 0x3f : (1 << (8 * lengthBytes - 4)) - 1;
    }

    private static byte[] packageLength(int value, int lengthBytes) {
        if (value < 0 || value > MAX_PACKAGE) {
            throw new IllegalArgumentException("A package of " + value + " is longer than AML can tell.");
        }
        if (lengthBytes == 1) {
            return bytes(value);
        }
        byte[] length = new byte[lengthBytes];
        length[0] = (byte) ((lengthBytes - 1) << 6 | (value & 0xf));
        for (int i = 1; i < lengthBytes; i++) {
            length[i] = (byte) (value >>> (8 * i - 4));
        }
        return length;
    }

    /**
     * A NameString (20.2.2). Segments may be shorter than four characters, and are filled up with underscores.
     *
     * @param path as in ASL: {@code \_SB.PCI0}, {@code ^PRQ0} or {@code _HID}
     */
    static byte[] nameString(String path) {
        if (!NAME.matcher(path).matches()) {
            throw new IllegalArgumentException("\"" + path + "\" is not a name in ASL.");
        }
        int prefix = 0;
        while (prefix < path.length() && (path.charAt(prefix) == '\\' || path.charAt(prefix) == '^')) {
            prefix++;
        }
        String rest = path.substring(prefix);
        String[] segments = rest.isEmpty() ? new String[0] : rest.split("\\.", -1);
        byte[] kind = switch (segments.length) {
            case 0 -> bytes(0x00); // NullName
            case 1 -> NONE;
            case 2 -> bytes(0x2e); // DualNamePrefix
            default -> bytes(0x2f, segments.length); // MultiNamePrefix
        };
        byte[] name = concat(ascii(path.substring(0, prefix)), kind);
        for (String segment : segments) {
            name = concat(name, nameSegment(segment));
        }
        return name;
    }

    /** A NameSeg: exactly four bytes. */
    static byte[] nameSegment(String name) {
        if (!SEGMENT.matcher(name).matches()) {
            throw new IllegalArgumentException("\"" + name + "\" is not a name of one to four characters in ASL.");
        }
        return ascii((name + "___").substring(0, 4));
    }

    static byte[] ascii(String text) {
        byte[] bytes = new byte[text.length()];
        for (int i = 0; i < bytes.length; i++) {
            char c = text.charAt(i);
            if (c == 0 || c > 0x7f) {
                throw new IllegalArgumentException("\"" + text + "\" is not ASCII.");
            }
            bytes[i] = (byte) c;
        }
        return bytes;
    }
}
