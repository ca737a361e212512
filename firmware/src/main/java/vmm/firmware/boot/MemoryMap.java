package vmm.firmware.boot;

import java.util.ArrayList;
import java.util.List;
import vmm.memory.GuestMemory;

/**
 * What a guest is told about its memory, as BIOS function E820 told it (ACPI 6.5 chapter 15). Where a guest's own
 * kernel and initrd may lie follows from it.
 *
 * @param entries in ascending order, without overlap
 */
public record MemoryMap(List<Entry> entries) {
    /** Where conventional memory ends: here the extended BIOS data area of a PC begins. */
    private static final long CONVENTIONAL_END = 0x9_fc00;

    /** Where the legacy video memory begins. */
    private static final long VIDEO_START = 0xa_0000;

    /** The last part of the first MiB, in which guests look for firmware tables, and in which AcpiTables puts them. */
    private static final long FIRMWARE_START = 0xe_0000;

    /** Where a kernel may be loaded at the lowest: 1 MiB. */
    public static final long KERNEL_START = 0x10_0000;

    /**
     * A stretch of guest physical addresses.
     *
     * @param start first address
     * @param size in bytes
     */
    public record Entry(long start, long size, Type type) {}

    /** What a stretch is for (ACPI 6.5 table 15.1). PVH uses the same codes. */
    public enum Type {
        /** Free for the guest to use. */
        RAM(1),
        /** Not to be touched unless something else says so. */
        RESERVED(2);

        private final int code;

        Type(int code) {
            this.code = code;
        }

        /** The number that stands for this type in a table. */
        public int code() {
            return code;
        }
    }

    /** Keeps a copy. */
    public MemoryMap {
        entries = List.copyOf(entries);
    }

    /** The map of a machine with this memory, of at least 1 MiB. */
    public static MemoryMap of(GuestMemory memory) {
        List<Entry> entries = new ArrayList<>();
        entries.add(new Entry(0, CONVENTIONAL_END, Type.RAM));
        entries.add(new Entry(CONVENTIONAL_END, VIDEO_START - CONVENTIONAL_END, Type.RESERVED));
        entries.add(new Entry(FIRMWARE_START, KERNEL_START - FIRMWARE_START, Type.RESERVED));
        for (GuestMemory.Region region : memory.regions()) {
            long start = Math.max(region.start(), KERNEL_START);
            long end = region.start() + region.size();
            if (end > start) {
                entries.add(new Entry(start, end - start, Type.RAM));
            }
        }
        return new MemoryMap(entries);
    }
}
