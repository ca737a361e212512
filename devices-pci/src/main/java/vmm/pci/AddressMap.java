package vmm.pci;

import java.util.List;
import vmm.bus.Bus;
import vmm.memory.GuestMemory;

/** Keeps the mappings of all functions in step with their registers. Under the lock of the PCI bus. */
final class AddressMap {
    /** Where the interrupt controllers and the firmware begin, which no function may cover. */
    private static final long FIXED_START = 0xfec0_0000L;

    private static final long FIXED_END = 1L << 32;

    /** The architecture's largest physical address space: 52 bits. */
    private static final long MEMORY_END = 1L << 52;

    private static final long LEGACY_END = 1L << 20;
    private static final long PORTS_END = 1L << 16;

    private final Bus ports;
    private final Bus mmio;
    private final List<GuestMemory.Region> ram;

    AddressMap(Bus ports, Bus mmio, GuestMemory memory) {
        this.ports = ports;
        this.mmio = mmio;
        this.ram = memory.regions();
    }

    /**
     * Unmaps what is no longer where its registers say, then maps what can be mapped. Of two that want the same
     * addresses the one that was there first keeps them; the other gets its turn when they become free.
     */
    void update(List<PciFunction> functions) {
        for (PciFunction function : functions) {
            for (AddressDecoder decoder : function.decoders()) {
                Bus.Range range = decoder.range();
                if (range != null && range.base() != decoder.wanted()) {
                    bus(decoder).remove(range);
                    decoder.unmap();
                    function.mappingChanged(decoder);
                }
            }
        }
        for (PciFunction function : functions) {
            for (AddressDecoder decoder : function.decoders()) {
                long wanted = decoder.wanted();
                if (decoder.range() == null && fits(decoder, wanted)) {
                    bus(decoder).add(decoder.mapAt(wanted));
                    function.mappingChanged(decoder);
                }
            }
        }
    }

    /** Unmaps everything of one function. */
    void remove(PciFunction function) {
        for (AddressDecoder decoder : function.decoders()) {
            Bus.Range range = decoder.range();
            if (range != null) {
                bus(decoder).remove(range);
                decoder.unmap();
                function.mappingChanged(decoder);
            }
        }
    }

    private Bus bus(AddressDecoder decoder) {
        return decoder.space() == AddressDecoder.Space.IO ? ports : mmio;
    }

    private boolean fits(AddressDecoder decoder, long address) {
        // A register that was never set holds 0, where nothing may be.
        if (address <= 0) {
            return false;
        }
        long size = decoder.size();
        return switch (decoder.space()) {
            case IO -> address <= PORTS_END - size && !ports.overlaps(address, size);
            case MEMORY ->
                address >= LEGACY_END
                        && address <= MEMORY_END - size
                        && !overlap(address, size, FIXED_START, FIXED_END - FIXED_START)
                        && ram.stream().noneMatch(region -> overlap(address, size, region.start(), region.size()))
                        && !mmio.overlaps(address, size);
        };
    }

    private static boolean overlap(long start, long size, long otherStart, long otherSize) {
        return start < otherStart + otherSize && otherStart < start + size;
    }
}
