package vmm.firmware.aml;

/** A term that has a value (ACPI 6.5 20.2.5, TermArg): data, an expression, a method's result. Immutable. */
public sealed class TermArg extends Term permits SuperName {
    TermArg(byte[] encoding) {
        super(encoding);
    }
}
