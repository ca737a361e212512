package vmm.firmware.aml;

import static vmm.firmware.aml.Encoding.bytes;
import static vmm.firmware.aml.Encoding.concat;
import static vmm.firmware.aml.Encoding.littleEndian;

/** The resource descriptors of {@code _CRS} and {@code _PRS} (ACPI 6.5 6.4). */
public final class Resources {
    private static final byte[] END_TAG = {0x79, 0x00};

    /** General flags of an address space that a bridge hands down: both ends fixed, positively decoded. */
    private static final int PRODUCED_FIXED = 0x0c;

    private static final int MEMORY = 0;
    private static final int IO = 1;
    private static final int BUS_NUMBER = 2;

    /** Type specific flags of memory: it can be written. */
    private static final int READ_WRITE = 1;

    /** Type specific flags of I/O: the range holds ISA and non-ISA ports. */
    private static final int ENTIRE_RANGE = 3;

    private Resources() {}

    /** One resource descriptor. Immutable. */
    public static final class Resource {
        private final byte[] encoding;

        private Resource(byte[] encoding) {
            this.encoding = encoding;
        }
    }

    /** How memory may be cached: bits 1 and 2 of the type specific flags. */
    public enum Caching {
        /** Not at all. */
        NON_CACHEABLE(0),
        /** Cached. */
        CACHEABLE(1 << 1),
        /** Writes may be put together. */
        WRITE_COMBINING(2 << 1),
        /** Reads may run ahead. */
        PREFETCHABLE(3 << 1);

        final int code;

        Caching(int code) {
            this.code = code;
        }
    }

    /** A buffer that holds resources and an end tag. */
    public static TermArg resourceTemplate(Resource... resources) {
        byte[][] parts = new byte[resources.length][];
        for (int i = 0; i < parts.length; i++) {
            parts[i] = resources[i].encoding;
        }
        return Aml.buffer(concat(concat(parts), END_TAG));
    }

    /** {@code length} ports from {@code port}, decoded with 16 bits (6.4.2.5). */
    public static Resource io(int port, int length) {
        checkRange(port, port + (long) length - 1, 16);
        if (length > 255) {
            throw new IllegalArgumentException(length + " ports do not fit into an IO descriptor.");
        }
        return new Resource(concat(bytes(0x47, 1), littleEndian(port, 2), littleEndian(port, 2), bytes(1, length)));
    }

    /** An ISA interrupt, edge-triggered and active high (6.4.2.1). */
    public static Resource irqNoFlags(int irq) {
        if (irq < 0 || irq > 15) {
            throw new IllegalArgumentException("There is no ISA interrupt " + irq + ".");
        }
        return new Resource(concat(bytes(0x22), littleEndian(1L << irq, 2)));
    }

    /** One or, in a {@code _PRS}, one of several global interrupts: level-triggered, active high, shared (6.4.3.6). */
    public static Resource interrupt(int... interrupts) {
        byte[] numbers = Encoding.NONE;
        for (int interrupt : interrupts) {
            numbers = concat(numbers, littleEndian(interrupt, 4));
        }
        return new Resource(
                concat(bytes(0x89), littleEndian(2 + numbers.length, 2), bytes(0x09, interrupts.length), numbers));
    }

    /** Buses {@code first} to {@code last} of a host bridge (6.4.3.5.3). */
    public static Resource wordBusNumber(int first, int last) {
        checkRange(first, last, 8);
        return addressSpace(0x88, 2, BUS_NUMBER, 0, first, last);
    }

    /** Ports {@code first} to {@code last}, which a host bridge hands to its bus (6.4.3.5.3). */
    public static Resource wordIo(int first, int last) {
        checkRange(first, last, 16);
        return addressSpace(0x88, 2, IO, ENTIRE_RANGE, first, last);
    }

    /** Memory from {@code first} to {@code last} below 4 GiB, which a host bridge hands to its bus (6.4.3.5.2). */
    public static Resource dwordMemory(Caching caching, long first, long last) {
        checkRange(first, last, 32);
        return addressSpace(0x87, 4, MEMORY, caching.code | READ_WRITE, first, last);
    }

    /** Memory from {@code first} to {@code last}, which a host bridge hands to its bus (6.4.3.5.1). */
    public static Resource qwordMemory(Caching caching, long first, long last) {
        checkRange(first, last, 63);
        return addressSpace(0x8a, 8, MEMORY, caching.code | READ_WRITE, first, last);
    }

    private static Resource addressSpace(int tag, int size, int type, int flags, long first, long last) {
        byte[] content = concat(
                bytes(type, PRODUCED_FIXED, flags),
                littleEndian(0, size), // granularity
                littleEndian(first, size),
                littleEndian(last, size),
                littleEndian(0, size), // translation offset
                littleEndian(last - first + 1, size));
        return new Resource(concat(bytes(tag), littleEndian(content.length, 2), content));
    }

    private static void checkRange(long first, long last, int bits) {
        if (first < 0 || last < first || last >>> bits != 0) {
            throw new IllegalArgumentException("0x%x to 0x%x is not a range of %d bits.".formatted(first, last, bits));
        }
    }
}
