package vmm.firmware.aml;

/** A term that a value can be stored in (ACPI 6.5 20.2.2, SuperName): a name, a local or an argument. Immutable. */
public final class SuperName extends TermArg {
    SuperName(byte[] encoding) {
        super(encoding);
    }
}
