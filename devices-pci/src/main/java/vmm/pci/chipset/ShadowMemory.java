package vmm.pci.chipset;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import vmm.memory.GuestMemory;
import vmm.memory.MemorySlots;
import vmm.memory.MemorySlots.Access;
import vmm.memory.MemorySlots.Slot;

/**
 * What an i440FX shows the processors from 768 KiB to 1 MiB, where firmware's ROM and the RAM below it share addresses:
 * 13 segments, and for each of them two bits of the bridge's PAM registers.
 *
 * <p>A segment that reads come from is RAM, and ROM otherwise; a write to ROM is lost. A segment with reads from ROM
 * and writes to RAM, as firmware could use to copy itself, loses the writes too: KVM has no such memory. Devices always
 * reach the RAM. What is shown goes with the virtual machine.
 */
public final class ShadowMemory {
    /** Where the first segment begins. */
    public static final long START = 0xc_0000;

    /** Where the last segment ends. */
    public static final long END = 0x10_0000;

    /** How many registers say what each segment is: PAM0 to PAM6. */
    static final int REGISTERS = 7;

    private static final int SMALL = 16 << 10;
    private static final long LARGE_START = 0xf_0000;

    private static final int READ = 1;
    private static final int WRITE = 2;

    private final MemorySlots slots;
    private final GuestMemory ram;
    private final MemorySegment rom;
    private final long romStart;

    private record Stretch(long start, long end, @Nullable Access ram) {
        long size() {
            return end - start;
        }
    }

    private record Mapped(Stretch stretch, Slot slot) {}

    private List<Mapped> mapped = List.of();

    /**
     * The segments as after a reset: ROM where there is some, and nothing below.
     *
     * @param slots where the memory is shown
     * @param ram of at least 1 MiB
     * @param rom what ends at 1 MiB, a multiple of 4096 bytes and at most 256 KiB
     */
    public ShadowMemory(MemorySlots slots, GuestMemory ram, MemorySegment rom) {
        this.slots = slots;
        this.ram = ram;
        this.rom = rom;
        this.romStart = END - rom.byteSize();
        if (romStart < START) {
            throw new IllegalArgumentException("ROM of " + rom.byteSize() + " bytes does not fit below 1 MiB.");
        }
        follow(new byte[REGISTERS]);
    }

    /** Shows what the registers say. Under the lock of the bus. */
    void follow(byte[] pam) {
        List<Stretch> wanted = new ArrayList<>();
        for (int segment = 1; segment < 2 * REGISTERS - 1; segment++) {
            long start = START + (segment - 1L) * SMALL;
            add(wanted, start, start + SMALL, pam[1 + (segment - 1) / 2] >> ((segment - 1) % 2 * 4));
        }
        add(wanted, LARGE_START, END, pam[0] >> 4);
        replace(wanted);
    }

    /** Adds a segment, or makes the stretch before it longer. */
    private void add(List<Stretch> stretches, long start, long end, int attributes) {
        Access access = null;
        if ((attributes & READ) != 0) {
            access = (attributes & WRITE) != 0 ? Access.READ_WRITE : Access.READ_ONLY;
        } else if (start < romStart) {
            return;
        }
        Stretch last = stretches.isEmpty() ? null : stretches.getLast();
        if (last != null && last.end == start && last.ram == access) {
            stretches.set(stretches.size() - 1, new Stretch(last.start, end, access));
        } else {
            stretches.add(new Stretch(start, end, access));
        }
    }

    private void replace(List<Stretch> wanted) {
        List<Mapped> next = new ArrayList<>();
        for (Mapped old : mapped) {
            if (wanted.contains(old.stretch)) {
                next.add(old);
            } else {
                old.slot.close();
            }
        }
        for (Stretch stretch : wanted) {
            if (next.stream().noneMatch(old -> old.stretch.equals(stretch))) {
                next.add(new Mapped(stretch, map(stretch)));
            }
        }
        mapped = next;
    }

    private Slot map(Stretch stretch) {
        return stretch.ram == null
                ? slots.map(stretch.start, rom.asSlice(stretch.start - romStart, stretch.size()), Access.READ_ONLY)
                : slots.map(stretch.start, ram.slice(stretch.start, stretch.size()), stretch.ram);
    }
}
