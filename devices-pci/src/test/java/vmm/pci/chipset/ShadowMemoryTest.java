package vmm.pci.chipset;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import vmm.bus.Bus;
import vmm.memory.GuestMemory;
import vmm.memory.MemorySlots;
import vmm.pci.FakeLine;
import vmm.pci.PciBus;

final class ShadowMemoryTest {
    private static final int PAM0 = 0x59;

    private final GuestMemory ram = GuestMemory.detached(1 << 20);
    private final MemorySegment rom = Arena.ofAuto().allocate(128 << 10, 4096);
    private final FakeSlots slots = new FakeSlots();
    private final PciBus bus =
            new PciBus(new Bus(), new Bus(), GuestMemory.detached(1 << 20), new PiixIsaBridge(FakeLine.isa()));

    ShadowMemoryTest() {
        bus.add(0, 0, new HostBridge(new ShadowMemory(slots, ram, rom)));
    }

    /** What is mapped, in words. */
    private final class FakeSlots implements MemorySlots {
        private final Map<Long, String> mapped = new TreeMap<>();
        private int changes;

        @Override
        public Slot map(long address, MemorySegment host, Access access) {
            String what = "%x+%x %s"
                    .formatted(
                            address,
                            host.byteSize(),
                            access == Access.READ_WRITE ? "RAM" : isRam(address, host) ? "RAM to read" : "ROM");
            if (what.endsWith("ROM")) {
                assertEquals(rom.address() + address - 0xe_0000, host.address());
            } else {
                assertEquals(ram.hostAddress(address, host.byteSize()), host.address());
            }
            assertFalse(mapped.containsKey(address));
            mapped.put(address, what);
            changes++;
            return () -> {
                mapped.remove(address);
                changes++;
            };
        }

        private boolean isRam(long address, MemorySegment host) {
            return host.address() == ram.hostAddress(address, host.byteSize());
        }

        @Override
        public String toString() {
            return mapped.values().stream().collect(Collectors.joining(", "));
        }
    }

    @Test
    void afterAResetThereIsRomAndNothingBelowIt() {
        assertEquals("e0000+20000 ROM", slots.toString());
    }

    @Test
    void oneWideWriteChangesSeveralRegisters() {
        bus.writeConfig(0, 0, PAM0 - 1, 4, 0x3333_3000);
        assertEquals("c0000+10000 RAM, e0000+10000 ROM, f0000+10000 RAM", slots.toString());
    }

    @Test
    void eachHalfOfARegisterGovernsItsSegment() {
        bus.writeConfig(0, 0, PAM0 + 1, 1, 0x03);
        assertEquals("c0000+4000 RAM, e0000+20000 ROM", slots.toString());
        bus.writeConfig(0, 0, PAM0 + 1, 1, 0x10);
        assertEquals("c4000+4000 RAM to read, e0000+20000 ROM", slots.toString());
        bus.writeConfig(0, 0, PAM0 + 1, 1, 0);
        bus.writeConfig(0, 0, PAM0 + 6, 1, 0x30);
        assertEquals("e0000+c000 ROM, ec000+4000 RAM, f0000+10000 ROM", slots.toString());
        bus.writeConfig(0, 0, PAM0 + 6, 1, 0);
        bus.writeConfig(0, 0, PAM0, 1, 0x10);
        assertEquals("e0000+10000 ROM, f0000+10000 RAM to read", slots.toString());
    }

    @Test
    void segmentsOfOneKindAreOneStretch() {
        bus.writeConfig(0, 0, PAM0, 1, 0x30);
        for (int i = 1; i < 7; i++) {
            bus.writeConfig(0, 0, PAM0 + i, 1, 0x33);
        }
        assertEquals("c0000+40000 RAM", slots.toString());
    }

    @Test
    void whatIsWrittenToRamThroughReadsFromRomIsLost() {
        bus.writeConfig(0, 0, PAM0, 1, 0x20);
        assertEquals("e0000+20000 ROM", slots.toString());
    }

    @Test
    void otherRegistersAndEqualValuesChangeNothing() {
        int before = slots.changes;
        bus.writeConfig(0, 0, 0x72, 1, 0x0a);
        bus.writeConfig(0, 0, PAM0, 1, 0);
        assertEquals(before, slots.changes);
    }

    @Test
    void aResetShowsTheRomAgain() {
        bus.writeConfig(0, 0, PAM0, 1, 0x30);
        bus.reset();
        assertEquals("e0000+20000 ROM", slots.toString());
    }

    @Test
    void romThatIsTooLargeIsRefused() {
        MemorySegment large = Arena.ofAuto().allocate(512 << 10, 4096);
        assertThrows(IllegalArgumentException.class, () -> new ShadowMemory(slots, ram, large));
    }
}
