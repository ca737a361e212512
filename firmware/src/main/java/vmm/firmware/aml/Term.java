package vmm.firmware.aml;

/** An object or a statement in AML (ACPI 6.5 20.2.5, TermObj). Immutable. */
public sealed class Term permits TermArg {
    private final byte[] encoding;

    /** Takes over {@code encoding}, which nobody changes afterwards. */
    Term(byte[] encoding) {
        this.encoding = encoding;
    }

    /** The bytes themselves, not a copy. */
    final byte[] encoding() {
        return encoding;
    }

    /** The term in AML, as a copy. */
    public final byte[] toByteArray() {
        return encoding.clone();
    }
}
