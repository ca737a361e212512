package vmm.firmware.aml;

import static vmm.firmware.aml.Encoding.bytes;
import static vmm.firmware.aml.Encoding.concat;

/**
 * What a method computes with (ACPI 6.5 20.2.5.4). Operators that ASL gives a target exist here with one and without;
 * without one, the result is only the expression's value.
 */
public final class Expressions {
    private static final byte[] NO_TARGET = {0x00};

    private Expressions() {}

    /** Stores {@code value} in {@code target}. */
    public static TermArg store(TermArg value, SuperName target) {
        return expression(0x70, value.encoding(), target.encoding());
    }

    /** The sum. */
    public static TermArg add(TermArg left, TermArg right) {
        return binary(0x72, left, right, NO_TARGET);
    }

    /** The sum, stored in {@code target}. */
    public static TermArg add(TermArg left, TermArg right, SuperName target) {
        return binary(0x72, left, right, target.encoding());
    }

    /** The difference. */
    public static TermArg subtract(TermArg left, TermArg right) {
        return binary(0x74, left, right, NO_TARGET);
    }

    /** The difference, stored in {@code target}. */
    public static TermArg subtract(TermArg left, TermArg right, SuperName target) {
        return binary(0x74, left, right, target.encoding());
    }

    /** {@code value} moved left by {@code count} bits. */
    public static TermArg shiftLeft(TermArg value, TermArg count) {
        return binary(0x79, value, count, NO_TARGET);
    }

    /** {@code value} moved left by {@code count} bits, stored in {@code target}. */
    public static TermArg shiftLeft(TermArg value, TermArg count, SuperName target) {
        return binary(0x79, value, count, target.encoding());
    }

    /** {@code value} moved right by {@code count} bits. */
    public static TermArg shiftRight(TermArg value, TermArg count) {
        return binary(0x7a, value, count, NO_TARGET);
    }

    /** {@code value} moved right by {@code count} bits, stored in {@code target}. */
    public static TermArg shiftRight(TermArg value, TermArg count, SuperName target) {
        return binary(0x7a, value, count, target.encoding());
    }

    /** The bits that both have. */
    public static TermArg and(TermArg left, TermArg right) {
        return binary(0x7b, left, right, NO_TARGET);
    }

    /** The bits that both have, stored in {@code target}. */
    public static TermArg and(TermArg left, TermArg right, SuperName target) {
        return binary(0x7b, left, right, target.encoding());
    }

    /** The bits that either has. */
    public static TermArg or(TermArg left, TermArg right) {
        return binary(0x7d, left, right, NO_TARGET);
    }

    /** The bits that either has, stored in {@code target}. */
    public static TermArg or(TermArg left, TermArg right, SuperName target) {
        return binary(0x7d, left, right, target.encoding());
    }

    /** The bits that one of the two has. */
    public static TermArg xor(TermArg left, TermArg right) {
        return binary(0x7f, left, right, NO_TARGET);
    }

    /** The bits that {@code value} does not have. */
    public static TermArg not(TermArg value) {
        return expression(0x80, value.encoding(), NO_TARGET);
    }

    /** Adds 1 to {@code target}. */
    public static TermArg increment(SuperName target) {
        return expression(0x75, target.encoding());
    }

    /** Takes 1 from {@code target}. */
    public static TermArg decrement(SuperName target) {
        return expression(0x76, target.encoding());
    }

    /** True if both are. */
    public static TermArg logicalAnd(TermArg left, TermArg right) {
        return expression(0x90, left.encoding(), right.encoding());
    }

    /** True if one is. */
    public static TermArg logicalOr(TermArg left, TermArg right) {
        return expression(0x91, left.encoding(), right.encoding());
    }

    /** True if {@code value} is not. */
    public static TermArg logicalNot(TermArg value) {
        return expression(0x92, value.encoding());
    }

    /** True if the two are equal. */
    public static TermArg equal(TermArg left, TermArg right) {
        return expression(0x93, left.encoding(), right.encoding());
    }

    /** True if {@code left} is greater. */
    public static TermArg greater(TermArg left, TermArg right) {
        return expression(0x94, left.encoding(), right.encoding());
    }

    /** True if {@code left} is less. */
    public static TermArg less(TermArg left, TermArg right) {
        return expression(0x95, left.encoding(), right.encoding());
    }

    /** How long a buffer, a string or a package is. */
    public static TermArg sizeOf(SuperName object) {
        return expression(0x87, object.encoding());
    }

    /** A reference to an element of a buffer, a string or a package. */
    public static TermArg index(TermArg object, TermArg index) {
        return binary(0x88, object, index, NO_TARGET);
    }

    /** What a reference refers to. */
    public static TermArg derefOf(TermArg reference) {
        return expression(0x83, reference.encoding());
    }

    /** Takes a mutex; true if that took longer than {@code timeout} milliseconds, of which 0xFFFF is for ever. */
    public static TermArg acquire(SuperName mutex, int timeout) {
        return new TermArg(concat(bytes(0x5b, 0x23), mutex.encoding(), Encoding.littleEndian(timeout, 2)));
    }

    /** What a method returns. */
    public static TermArg call(String method, TermArg... arguments) {
        return new TermArg(concat(Encoding.nameString(method), concat(arguments)));
    }

    private static TermArg binary(int opcode, TermArg left, TermArg right, byte[] target) {
        return expression(opcode, left.encoding(), right.encoding(), target);
    }

    private static TermArg expression(int opcode, byte[]... operands) {
        return new TermArg(concat(bytes(opcode), concat(operands)));
    }
}
