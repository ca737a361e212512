package vmm.pci;

import java.util.List;
import vmm.memory.GuestMemory;

/**
 * The addresses that the bus offers to its functions, which the machine's tables tell the guest in the root bridge's
 * _CRS.
 *
 * @param io ports
 * @param memory below 4 GiB
 * @param highMemory above 4 GiB and above all RAM
 */
public record PciWindows(Window io, Window memory, Window highMemory) {
    /** Ports: 0x1000 to 0xFFFF, above all that the board itself has. */
    public static final Window IO = new Window(0x1000, 0xf000);

    /** Memory below the IOAPIC: 0xC0000000 to 0xFEBFFFFF. */
    public static final Window MEMORY = new Window(GuestMemory.HOLE_START, 0xfec0_0000L - GuestMemory.HOLE_START);

    /** The size of the window above all RAM: 16 GiB. */
    public static final long HIGH_MEMORY_SIZE = 16L << 30;

    private static final long PAGE = 4096;

    /** A range of addresses: {@code size} bytes from {@code start}. */
    public record Window(long start, long size) {
        /** The last address. */
        public long last() {
            return start + size - 1;
        }

        private Window with(FunctionInfo.BarInfo bar) {
            long first = Math.min(start, bar.address() & -PAGE);
            long end = Math.max(start + size, (bar.address() + bar.size() + PAGE - 1) & -PAGE);
            return new Window(first, end - first);
        }
    }

    /**
     * These windows, so much larger that they have what is mapped outside them: firmware of its own mind, as OVMF is,
     * begins below, or far above.
     */
    public PciWindows around(List<FunctionInfo> functions) {
        Window low = memory;
        Window high = highMemory;
        for (FunctionInfo function : functions) {
            for (FunctionInfo.BarInfo bar : function.bars()) {
                if (bar.kind() == Bar.Kind.IO || bar.address() == AddressDecoder.UNMAPPED) {
                    continue;
                }
                if (bar.address() < GuestMemory.HIGH_START) {
                    low = low.with(bar);
                } else {
                    high = high.with(bar);
                }
            }
        }
        return new PciWindows(io, low, high);
    }

    /** The windows of a machine with this memory. The high one begins at a multiple of 4 GiB. */
    public static PciWindows of(GuestMemory memory) {
        long boundary = GuestMemory.HIGH_START;
        long start = Math.max(boundary, (memory.end() + boundary - 1) / boundary * boundary);
        return new PciWindows(IO, MEMORY, new Window(start, HIGH_MEMORY_SIZE));
    }
}
