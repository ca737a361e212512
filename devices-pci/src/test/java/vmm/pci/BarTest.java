package vmm.pci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import vmm.bus.Bus;
import vmm.memory.GuestMemory;
import vmm.pci.chipset.PiixIsaBridge;

final class BarTest {
    private static final int RAM = 16 << 20;
    private static final int BAR0 = ConfigSpace.BASE_ADDRESS;
    private static final int BAR2 = ConfigSpace.BASE_ADDRESS + 8;
    private static final int DECODE = ConfigSpace.COMMAND_IO | ConfigSpace.COMMAND_MEMORY;

    private final Bus ports = new Bus();
    private final Bus mmio = new Bus();
    private final PciBus bus = new PciBus(ports, mmio, GuestMemory.detached(RAM), new PiixIsaBridge(FakeLine.isa()));
    private final ConfigPortDriver config = new ConfigPortDriver(ports);

    private TestFunction add(int slot, Bar.Kind kind, long size) {
        TestFunction function = new TestFunction().bar(0, kind, size);
        bus.add(slot, 0, function);
        return function;
    }

    private void place(int slot, long address) {
        config.write(slot, 0, BAR0, 4, (int) address);
    }

    private void decode(int slot) {
        config.write(slot, 0, ConfigSpace.COMMAND, 2, DECODE);
    }

    @Test
    void onesReadBackAsTheSizeAndTheKind() {
        bus.add(
                3,
                0,
                new TestFunction()
                        .bar(0, Bar.Kind.IO, 64)
                        .bar(1, Bar.Kind.MEMORY_32, 4096)
                        .bar(2, Bar.Kind.MEMORY_64, 1L << 33)
                        .bar(4, Bar.Kind.MEMORY_64_PREFETCHABLE, 16384));
        for (int i = 0; i < 6; i++) {
            config.write(3, 0, BAR0 + 4 * i, 4, -1);
        }
        assertEquals(0xffff_ffc1, config.read(3, 0, BAR0, 4));
        assertEquals(0xffff_f000, config.read(3, 0, BAR0 + 4, 4));
        assertEquals(0x0000_0004, config.read(3, 0, BAR2, 4));
        assertEquals(0xffff_fffe, config.read(3, 0, BAR2 + 4, 4));
        assertEquals(0xffff_c00c, config.read(3, 0, BAR0 + 16, 4));
        assertEquals(0xffff_ffff, config.read(3, 0, BAR0 + 20, 4));
    }

    @Test
    void aRegisterThatIsNoBarReadsZeroAfterOnes() {
        add(3, Bar.Kind.MEMORY_32, 4096);
        config.write(3, 0, BAR2, 4, -1);
        assertEquals(0, config.read(3, 0, BAR2, 4));
        config.write(3, 0, 0x30, 4, -1);
        assertEquals(0, config.read(3, 0, 0x30, 4));
    }

    @Test
    void aBarAnswersOnlyWhileItsKindOfDecodingIsOn() {
        add(3, Bar.Kind.MEMORY_32, 4096);
        place(3, 0xd000_0000L);
        assertEquals(0xffff_ffffL, mmio.read(0xd000_0010L, 4));
        config.write(3, 0, ConfigSpace.COMMAND, 2, ConfigSpace.COMMAND_IO);
        assertEquals(0xffff_ffffL, mmio.read(0xd000_0010L, 4));
        decode(3);
        assertEquals(0x10, mmio.read(0xd000_0010L, 4));
        config.write(3, 0, ConfigSpace.COMMAND, 2, 0);
        assertEquals(0xffff_ffffL, mmio.read(0xd000_0010L, 4));
    }

    @Test
    void aBarMovesWhileDecodingIsOnAndTheFunctionIsTold() {
        TestFunction function = add(3, Bar.Kind.MEMORY_32, 4096);
        place(3, 0xd000_0000L);
        decode(3);
        place(3, 0xd123_4000L);
        assertEquals(0x10, mmio.read(0xd123_4010L, 4));
        assertFalse(mmio.overlaps(0xd000_0000L, 4096));
        assertEquals(List.of(0xd000_0000L, AddressDecoder.UNMAPPED, 0xd123_4000L), function.mappings);
    }

    @Test
    void writingWhatIsThereAlreadyMovesNothing() {
        TestFunction function = add(3, Bar.Kind.MEMORY_32, 4096);
        place(3, 0xd000_0000L);
        decode(3);
        place(3, 0xd000_0fffL);
        decode(3);
        assertEquals(List.of(0xd000_0000L), function.mappings);
    }

    @Test
    void anIoBarAnswersAtPorts() {
        add(3, Bar.Kind.IO, 32);
        place(3, 0xc020);
        decode(3);
        assertEquals(4, ports.read(0xc024, 1));
        assertEquals(0xc021, config.read(3, 0, BAR0, 4));
        // An I/O address above the 64 KiB of ports is mapped nowhere.
        place(3, 0x1_c020L);
        assertFalse(ports.overlaps(0xc000, 0x4000));
    }

    @Test
    void aSixtyFourBitBarGoesAboveFourGigabytes() {
        add(3, Bar.Kind.MEMORY_64, 1 << 20);
        place(3, 0x4560_0000L);
        config.write(3, 0, BAR0 + 4, 4, 0x12);
        decode(3);
        assertEquals(8, mmio.read(0x12_4560_0008L, 4));
    }

    @Test
    void aBarOverRamIsMappedNowhere() {
        TestFunction function = add(3, Bar.Kind.MEMORY_32, 1 << 20);
        decode(3);
        for (long address = 0; address < RAM; address += 1 << 20) {
            place(3, address);
            assertFalse(mmio.overlaps(0, 1L << 32), "mapped at " + address);
        }
        assertEquals(List.of(), function.mappings);
        place(3, RAM);
        assertTrue(mmio.overlaps(RAM, 1));
    }

    @Test
    void aBarOverTheInterruptControllersOrTheFirmwareIsMappedNowhere() {
        add(3, Bar.Kind.MEMORY_64, 1 << 20);
        decode(3);
        for (long address : new long[] {0xfec0_0000L, 0xfee0_0000L, 0xffe0_0000L, 0xfff0_0000L}) {
            place(3, address);
            assertFalse(mmio.overlaps(0, 1L << 32));
        }
        config.write(3, 0, BAR0 + 4, 4, 0x0010_0000);
        assertFalse(mmio.overlaps(0, 1L << 60), "above 52 bits");
        config.write(3, 0, BAR0 + 4, 4, -1);
        assertFalse(mmio.overlaps(0, Long.MAX_VALUE));
        place(3, 0xfeb0_0000L);
        config.write(3, 0, BAR0 + 4, 4, 0);
        assertTrue(mmio.overlaps(0xfeb0_0000L, 1 << 20));
    }

    @Test
    void ofTwoBarsAtOnePlaceTheFirstKeepsItUntilItLeaves() {
        TestFunction first = add(4, Bar.Kind.MEMORY_32, 4096);
        TestFunction second = add(3, Bar.Kind.MEMORY_32, 4096);
        place(4, 0xd000_0000L);
        decode(4);
        place(3, 0xd000_0000L);
        decode(3);
        assertEquals(List.of(0xd000_0000L), first.mappings);
        assertEquals(List.of(), second.mappings);
        place(4, 0xd000_1000L);
        assertEquals(List.of(0xd000_0000L), second.mappings);
        assertEquals(4, mmio.read(0xd000_1004L, 4));
    }

    @Test
    void aBarDoesNotCoverDevicesThatAreNotOnTheBus() {
        ports.add(0x3f8, 8, "uart", new FakePort());
        add(3, Bar.Kind.IO, 32);
        decode(3);
        place(3, 0x3e0);
        assertEquals(0x55, ports.read(0x3f8, 1));
        place(3, 0xce0);
        assertEquals(0x0000_0000L, ports.read(0xcf8, 4) & 0x7fff_ff00L & ~0x0000_1800L);
        assertFalse(ports.overlaps(0xce0, 0x10));
    }

    @Test
    void aResetUnmapsEverything() {
        TestFunction function = add(3, Bar.Kind.MEMORY_32, 4096);
        place(3, 0xd000_0000L);
        decode(3);
        bus.reset();
        assertEquals(List.of(0xd000_0000L, AddressDecoder.UNMAPPED), function.mappings);
        assertEquals(0, config.read(3, 0, BAR0, 4));
        assertFalse(mmio.overlaps(0, Long.MAX_VALUE));
    }

    @Test
    void aClosedBusLeavesNothingMapped() {
        add(3, Bar.Kind.MEMORY_32, 4096);
        place(3, 0xd000_0000L);
        decode(3);
        bus.close();
        assertFalse(mmio.overlaps(0, Long.MAX_VALUE));
    }

    @Test
    void barsOfImpossibleSizesOrNumbersAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> new TestFunction().bar(0, Bar.Kind.MEMORY_32, 3000));
        assertThrows(IllegalArgumentException.class, () -> new TestFunction().bar(0, Bar.Kind.MEMORY_32, 8));
        assertThrows(IllegalArgumentException.class, () -> new TestFunction().bar(5, Bar.Kind.MEMORY_64, 4096));
        assertThrows(
                IllegalArgumentException.class,
                () -> new TestFunction().bar(0, Bar.Kind.MEMORY_64, 4096).bar(1, Bar.Kind.IO, 32));
    }

    private static final class FakePort implements vmm.bus.BusDevice {
        @Override
        public long read(long offset, int size) {
            return 0x55;
        }

        @Override
        public void write(long offset, int size, long value) {}
    }
}
