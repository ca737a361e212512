package vmm.firmware.aml;

/** A part of a Field (ACPI 6.5 20.2.5.2, FieldElement). Immutable. */
public final class FieldElement {
    private final byte[] encoding;

    private FieldElement(byte[] encoding) {
        this.encoding = encoding;
    }

    /** {@code bits} bits under a name of one to four characters. */
    public static FieldElement bits(String name, int bits) {
        return new FieldElement(Encoding.concat(Encoding.nameSegment(name), Encoding.packageLength(bits)));
    }

    /** {@code bits} bits that nothing refers to. */
    public static FieldElement reserved(int bits) {
        return new FieldElement(Encoding.concat(Encoding.bytes(0x00), Encoding.packageLength(bits)));
    }

    byte[] encoding() {
        return encoding;
    }

    /** How a field is read and written: bits 0 to 3 of FieldFlags. */
    public enum Access {
        /** Any width. */
        ANY(0),
        /** 8 bits at a time. */
        BYTE(1),
        /** 16 bits at a time. */
        WORD(2),
        /** 32 bits at a time. */
        DWORD(3),
        /** 64 bits at a time. */
        QWORD(4);

        final int code;

        Access(int code) {
            this.code = code;
        }
    }

    /** What becomes of the bits around one that is written: bits 5 and 6 of FieldFlags. */
    public enum Update {
        /** They keep their value. */
        PRESERVE(0),
        /** They become ones. */
        WRITE_AS_ONES(1 << 5),
        /** They become zeros. */
        WRITE_AS_ZEROS(2 << 5);

        final int code;

        Update(int code) {
            this.code = code;
        }
    }
}
