package vmm.firmware.aml;

import static vmm.firmware.aml.Encoding.bytes;
import static vmm.firmware.aml.Encoding.concat;
import static vmm.firmware.aml.Encoding.nameString;
import static vmm.firmware.aml.Encoding.packaged;

/**
 * The namespace: data, named objects, methods and their statements (ACPI 6.5 20.2.3 to 20.2.5.3). Meant to be imported
 * statically, with {@link Expressions} and {@link Resources}. Names are paths as in ASL ({@code \_SB.PCI0}).
 *
 * <p>A name, a number or a text that AML cannot express is an {@link IllegalArgumentException}.
 */
public final class Aml {
    private static final int SERIALIZED = 1 << 3;

    private Aml() {}

    /** Several terms, one after the other. */
    public static Term terms(Term... terms) {
        return new Term(concat(terms));
    }

    // Data

    /** An unsigned integer. */
    public static TermArg integer(long value) {
        return new TermArg(Encoding.integer(value));
    }

    /** A string of ASCII characters. */
    public static TermArg string(String text) {
        return new TermArg(concat(bytes(0x0d), Encoding.ascii(text), bytes(0)));
    }

    /** The integer that stands for an EISA id, as {@code PNP0A03} (ACPI 6.5 19.3.4, 19.6.36). */
    public static TermArg eisaId(String id) {
        if (!id.matches("[A-Z]{3}[0-9A-F]{4}")) {
            throw new IllegalArgumentException("\"" + id + "\" is not an EISA id.");
        }
        int vendor = (id.charAt(0) & 0x1f) << 10 | (id.charAt(1) & 0x1f) << 5 | (id.charAt(2) & 0x1f);
        int product = Integer.parseInt(id.substring(3), 16);
        return new TermArg(concat(bytes(0x0c), bytes(vendor >>> 8, vendor, product >>> 8, product)));
    }

    /** A buffer with these bytes. */
    public static TermArg buffer(byte[] content) {
        return new TermArg(packaged(bytes(0x11), Encoding.integer(content.length), content));
    }

    /** A package of at most 255 elements. */
    public static TermArg packageOf(TermArg... elements) {
        if (elements.length > 255) {
            throw new IllegalArgumentException(elements.length + " elements do not fit into a package.");
        }
        return new TermArg(packaged(bytes(0x12), bytes(elements.length), concat(elements)));
    }

    // Names

    /** A reference to a named object. */
    public static SuperName ref(String path) {
        return new SuperName(nameString(path));
    }

    /** A local variable of a method, 0 to 7. */
    public static SuperName local(int number) {
        if (number < 0 || number > 7) {
            throw new IllegalArgumentException("There is no Local" + number + ".");
        }
        return new SuperName(bytes(0x60 + number));
    }

    /** An argument of a method, 0 to 6. */
    public static SuperName arg(int number) {
        if (number < 0 || number > 6) {
            throw new IllegalArgumentException("There is no Arg" + number + ".");
        }
        return new SuperName(bytes(0x68 + number));
    }

    /** Opens an existing scope for more objects. */
    public static Term scope(String path, Term... content) {
        return new Term(packaged(bytes(0x10), nameString(path), concat(content)));
    }

    /** A named object with a value. */
    public static Term name(String path, TermArg value) {
        return new Term(concat(bytes(0x08), nameString(path), value.encoding()));
    }

    /** A device. */
    public static Term device(String path, Term... content) {
        return new Term(packaged(bytes(0x5b, 0x82), nameString(path), concat(content)));
    }

    /** A method that several threads may run at a time. */
    public static Term method(String path, int arguments, Term... body) {
        return method(path, arguments, 0, body);
    }

    /** A method that one thread runs at a time, as one that creates named objects has to be. */
    public static Term serializedMethod(String path, int arguments, Term... body) {
        return method(path, arguments, SERIALIZED, body);
    }

    private static Term method(String path, int arguments, int flags, Term... body) {
        if (arguments < 0 || arguments > 7) {
            throw new IllegalArgumentException("A method does not have " + arguments + " arguments.");
        }
        return new Term(packaged(bytes(0x14), nameString(path), bytes(arguments | flags), concat(body)));
    }

    /** A mutex with sync level 0. */
    public static Term mutex(String path) {
        return new Term(concat(bytes(0x5b, 0x01), nameString(path), bytes(0)));
    }

    /**
     * A stretch of an address space.
     *
     * @param offset in bytes
     * @param length in bytes
     */
    public static Term operationRegion(String path, RegionSpace space, long offset, long length) {
        return new Term(concat(
                bytes(0x5b, 0x80),
                nameString(path),
                bytes(space.code),
                Encoding.integer(offset),
                Encoding.integer(length)));
    }

    /** Names for parts of an operation region, from its first bit on. */
    public static Term field(
            String region, FieldElement.Access access, FieldElement.Update update, FieldElement... elements) {
        byte[][] parts = new byte[elements.length][];
        for (int i = 0; i < parts.length; i++) {
            parts[i] = elements[i].encoding();
        }
        int flags = access.code | update.code;
        return new Term(packaged(bytes(0x5b, 0x81), nameString(region), bytes(flags), concat(parts)));
    }

    /** A name for 8 bits of a buffer, {@code offset} bytes from its start. */
    public static Term createByteField(TermArg buffer, long offset, String name) {
        return createField(0x8c, buffer, offset, name);
    }

    /** A name for 16 bits of a buffer, {@code offset} bytes from its start. */
    public static Term createWordField(TermArg buffer, long offset, String name) {
        return createField(0x8b, buffer, offset, name);
    }

    /** A name for 32 bits of a buffer, {@code offset} bytes from its start. */
    public static Term createDWordField(TermArg buffer, long offset, String name) {
        return createField(0x8a, buffer, offset, name);
    }

    /** A name for 64 bits of a buffer, {@code offset} bytes from its start. */
    public static Term createQWordField(TermArg buffer, long offset, String name) {
        return createField(0x8f, buffer, offset, name);
    }

    private static Term createField(int opcode, TermArg buffer, long offset, String name) {
        return new Term(concat(bytes(opcode), buffer.encoding(), Encoding.integer(offset), nameString(name)));
    }

    // Statements

    /** {@code If}. */
    public static Term ifThen(TermArg predicate, Term... body) {
        return new Term(packaged(bytes(0xa0), predicate.encoding(), concat(body)));
    }

    /** {@code Else}: follows an {@link #ifThen}. */
    public static Term orElse(Term... body) {
        return new Term(packaged(bytes(0xa1), concat(body)));
    }

    /** {@code While}. */
    public static Term whileTrue(TermArg predicate, Term... body) {
        return new Term(packaged(bytes(0xa2), predicate.encoding(), concat(body)));
    }

    /** {@code Return}. */
    public static Term returnValue(TermArg value) {
        return new Term(concat(bytes(0xa4), value.encoding()));
    }

    /** {@code Notify}: tells the operating system that something about a device has changed. */
    public static Term notifyDevice(SuperName device, TermArg event) {
        return new Term(concat(bytes(0x86), device.encoding(), event.encoding()));
    }

    /** {@code Release}: gives back a mutex. */
    public static Term release(SuperName mutex) {
        return new Term(concat(bytes(0x5b, 0x27), mutex.encoding()));
    }
}
