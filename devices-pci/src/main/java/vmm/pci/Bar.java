package vmm.pci;

import vmm.bus.BusDevice;

/** A base address register and the range that it places (PCI 3.0 6.2.5). */
public final class Bar extends AddressDecoder {
    /** What a base address register can be. */
    public enum Kind {
        /** Ports. */
        IO(1, Space.IO, 1),
        /** Memory below 4 GiB. */
        MEMORY_32(0, Space.MEMORY, 1),
        /** Memory anywhere, in two registers. */
        MEMORY_64(4, Space.MEMORY, 2),
        /** Memory anywhere, in two registers, whose reads have no side effects. */
        MEMORY_64_PREFETCHABLE(12, Space.MEMORY, 2);

        private final int typeBits;
        private final Space space;
        private final int registers;

        Kind(int typeBits, Space space, int registers) {
            this.typeBits = typeBits;
            this.space = space;
            this.registers = registers;
        }

        int registers() {
            return registers;
        }
    }

    private final ConfigSpace config;
    private final int index;
    private final Kind kind;

    Bar(ConfigSpace config, int index, Kind kind, long size, String name, BusDevice device) {
        super(kind.space, size, name, device);
        // PCI 3.0 6.2.5.1: sizes are powers of two, of at least 16 bytes of memory or 4 ports
        int least = kind == Kind.IO ? 4 : 16;
        if (index < 0 || index + kind.registers > 6 || Long.bitCount(size) != 1 || size < least) {
            throw new IllegalArgumentException(
                    "No BAR " + index + " of kind " + kind + " can have " + size + " bytes.");
        }
        if (kind.registers == 1 && size > 1L << 31) {
            throw new IllegalArgumentException("A 32-bit BAR cannot have " + size + " bytes.");
        }
        this.config = config;
        this.index = index;
        this.kind = kind;
        config.define(register(), 4, kind.typeBits, (int) -size);
        if (kind.registers == 2) {
            config.define(register() + 4, 4, 0, (int) (-size >>> 32));
        }
    }

    /** The number of the register, 0 to 5; the lower of the two of a 64-bit BAR. */
    public int index() {
        return index;
    }

    /** What the register is. */
    public Kind kind() {
        return kind;
    }

    /** Where in configuration space the register is. */
    int register() {
        return ConfigSpace.BASE_ADDRESS + 4 * index;
    }

    @Override
    protected long wanted() {
        int enable = space() == Space.IO ? ConfigSpace.COMMAND_IO : ConfigSpace.COMMAND_MEMORY;
        if ((config.read(ConfigSpace.COMMAND, 2) & enable) == 0) {
            return UNMAPPED;
        }
        long address = config.read(register(), 4) & 0xffff_ffffL & -size();
        return kind.registers == 2 ? address | ((long) config.read(register() + 4, 4) << 32) : address;
    }
}
