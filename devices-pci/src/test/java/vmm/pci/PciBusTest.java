package vmm.pci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vmm.bus.Bus;
import vmm.bus.BusDevice;
import vmm.memory.GuestMemory;
import vmm.pci.chipset.PiixIsaBridge;

final class PciBusTest {
    private static final long RAM = 1L << 20;

    private final Bus ports = new Bus();
    private final Bus mmio = new Bus();
    private final FakeLine[] isa = FakeLine.isa();
    private final PiixIsaBridge isaBridge = new PiixIsaBridge(isa);
    private final PciBus bus = new PciBus(ports, mmio, GuestMemory.detached(RAM), isaBridge);
    private final ConfigPortDriver config = new ConfigPortDriver(ports);

    @Test
    void aFunctionIsFoundByItsSlotAndNumber() {
        bus.add(31, 0, new TestFunction());
        bus.add(31, 7, new TestFunction());
        assertEquals(0x5678_1234, config.read(31, 0, ConfigSpace.VENDOR_ID, 4));
        assertEquals(0x5678_1234, config.read(31, 7, ConfigSpace.VENDOR_ID, 4));
    }

    @Test
    void partsOfARegisterAreReadAtPartsOfTheDataPort() {
        bus.add(3, 0, new TestFunction());
        assertEquals(0x5678, config.read(3, 0, ConfigSpace.DEVICE_ID, 2));
        assertEquals(0x56, config.read(3, 0, 3, 1));
        assertEquals(0xabcd_ef09, config.read(3, 0, ConfigSpace.REVISION_ID, 4));
        assertEquals(0x2222_1111, config.read(3, 0, ConfigSpace.SUBSYSTEM_VENDOR_ID, 4));
    }

    @Test
    void anAbsentFunctionReadsAllOnesInEverySize() {
        bus.add(3, 0, new TestFunction());
        assertEquals(-1, config.read(4, 0, 0, 4));
        assertEquals(0xffff, config.read(4, 0, 0, 2));
        assertEquals(0xff, config.read(3, 1, 0, 1));
        config.write(4, 0, 4, 4, -1);
    }

    @Test
    void otherBusesAndADisabledAddressReadAllOnes() {
        bus.add(0, 0, new TestFunction());
        ports.write(0xcf8, 4, 0x8001_0000L);
        assertEquals(0xffff_ffffL, ports.read(0xcfc, 4));
        ports.write(0xcf8, 4, 0x0000_0000L);
        assertEquals(0xffff_ffffL, ports.read(0xcfc, 4));
        ports.write(0xcfc, 4, 0);
        ports.write(0xcf8, 4, 0x8000_0000L);
        assertEquals(0x5678_1234L, ports.read(0xcfc, 4));
    }

    @Test
    void theAddressRegisterKeepsItsDefinedBitsAndTakesOnlyDwords() {
        ports.write(0xcf8, 4, 0xffff_ffffL);
        assertEquals(0x80ff_fffcL, ports.read(0xcf8, 4));
        ports.write(0xcf8, 2, 0);
        ports.write(0xcf8, 1, 0);
        assertEquals(0x80ff_fffcL, ports.read(0xcf8, 4));
        assertEquals(0xffL, ports.read(0xcf8, 1));
    }

    @Test
    void theResetPortInsideTheAddressRegisterCanBeAnotherDevices() {
        long[] written = {-1};
        ports.add(0xcf9, 1, "reset", new BusDevice() {
            @Override
            public long read(long offset, int size) {
                return 0x42;
            }

            @Override
            public void write(long offset, int size, long value) {
                written[0] = value;
            }
        });
        ports.write(0xcf8, 4, 0x8000_0600L);
        assertEquals(-1, written[0]);
        ports.write(0xcf9, 1, 6);
        assertEquals(6, written[0]);
        assertEquals(0x42, ports.read(0xcf9, 1));
        assertEquals(0x8000_0600L, ports.read(0xcf8, 4));
    }

    @Test
    void anAccessThatCrossesTheDataRegistersEndReachesItsBytesInside() {
        bus.add(0, 0, new TestFunction());
        ports.write(0xcf8, 4, 0x8000_0000L);
        assertEquals(0xffff_5678L, ports.read(0xcfe, 4));
        assertEquals(0x7812L, ports.read(0xcfd, 2));
        assertEquals(0xff56L, ports.read(0xcff, 2));
        ports.write(0xcf8, 4, 0x8000_003cL);
        ports.write(0xcfc, 8, 0x1122_3344_5566_77aaL);
        assertEquals(0x01aaL, ports.read(0xcfc, 2));
    }

    @Test
    void functionZeroSaysThatThereAreOthersInEitherOrderOfAdding() {
        bus.add(5, 0, new TestFunction());
        assertEquals(0, config.read(5, 0, ConfigSpace.HEADER_TYPE, 1));
        bus.add(5, 3, new TestFunction());
        assertEquals(0x80, config.read(5, 0, ConfigSpace.HEADER_TYPE, 1));
        bus.add(6, 1, new TestFunction());
        bus.add(6, 0, new TestFunction());
        assertEquals(0x80, config.read(6, 0, ConfigSpace.HEADER_TYPE, 1));
        bus.reset();
        assertEquals(0x80, config.read(6, 0, ConfigSpace.HEADER_TYPE, 1));
    }

    @Test
    void aSlotIsEmptiedAsAWholeAndCanBeFilledAgain() {
        TestFunction first = new TestFunction().bar(0, Bar.Kind.MEMORY_32, 4096);
        TestFunction other = new TestFunction();
        bus.add(6, 3, other);
        assertFalse(bus.isExposed(6));
        bus.add(6, 0, first);
        assertTrue(bus.isExposed(6));
        config.write(6, 0, ConfigSpace.BASE_ADDRESS, 4, 0xc000_0000);
        config.write(6, 0, ConfigSpace.COMMAND, 2, ConfigSpace.COMMAND_MEMORY);
        assertTrue(mmio.overlaps(0xc000_0000L, 4096));

        assertEquals(List.of(first, other), bus.remove(6));
        assertFalse(mmio.overlaps(0xc000_0000L, 4096));
        assertEquals(-1, config.read(6, 0, ConfigSpace.VENDOR_ID, 4));
        assertEquals(-1, config.read(6, 3, ConfigSpace.VENDOR_ID, 4));
        bus.add(6, 0, new TestFunction());
        assertEquals(0, config.read(6, 0, ConfigSpace.HEADER_TYPE, 1));
    }

    @Test
    void aPlaceIsGivenOnceAndOnlyIfItExists() {
        bus.add(5, 0, new TestFunction());
        assertThrows(IllegalArgumentException.class, () -> bus.add(5, 0, new TestFunction()));
        assertThrows(IllegalArgumentException.class, () -> bus.add(32, 0, new TestFunction()));
        assertThrows(IllegalArgumentException.class, () -> bus.add(0, 8, new TestFunction()));
        assertThrows(IllegalArgumentException.class, () -> bus.add(-1, 0, new TestFunction()));
    }

    @Test
    void identityCannotBeWrittenButTheInterruptLineCan() {
        bus.add(3, 0, new TestFunction());
        for (int offset = 0; offset < ConfigSpace.SIZE; offset += 4) {
            config.write(3, 0, offset, 4, -1);
        }
        assertEquals(0x5678_1234, config.read(3, 0, 0, 4));
        assertEquals(0x0547, config.read(3, 0, ConfigSpace.COMMAND, 2));
        assertEquals(0xabcd_ef09, config.read(3, 0, 8, 4));
        assertEquals(0x0000_ffff, config.read(3, 0, 0x0c, 4));
        assertEquals(0x01ff, config.read(3, 0, ConfigSpace.INTERRUPT_LINE, 2));
    }

    @Test
    void capabilitiesFormAListWithTheLastAddedFirst() {
        TestFunction function = new TestFunction();
        int first = function.capability(9, 16);
        int second = function.capability(9, 19);
        int third = function.capability(5, 10);
        bus.add(3, 0, function);
        assertEquals(0x40, first);
        assertEquals(0x50, second);
        assertEquals(0x64, third);
        assertTrue((config.read(3, 0, ConfigSpace.STATUS, 2) & ConfigSpace.STATUS_CAPABILITIES) != 0);
        assertEquals(third, config.read(3, 0, ConfigSpace.CAPABILITIES_POINTER, 1));
        assertEquals(0x5005, config.read(3, 0, third, 2));
        assertEquals(0x4009, config.read(3, 0, second, 2));
        assertEquals(0x0009, config.read(3, 0, first, 2));
    }

    @Test
    void aPinReachesThePirqOfItsSlotAndSharersHoldTheLineTogether() {
        TestFunction intA = new TestFunction(1);
        TestFunction intD = new TestFunction(4);
        bus.add(1, 0, isaBridge);
        bus.add(3, 0, intA);
        bus.add(4, 0, intD);
        // Slot 3 INTA# is PIRQC, slot 4 INTD# is PIRQC as well.
        config.write(1, 0, 0x62, 1, 11);
        intA.pin.set(true);
        assertTrue(isa[11].level);
        intD.pin.set(true);
        intA.pin.set(false);
        assertTrue(isa[11].level);
        intD.pin.set(false);
        assertFalse(isa[11].level);
        assertEquals(2, isa[11].changes);
    }

    @Test
    void pinsRotateOverThePirqsBySlot() {
        assertEquals(0, PciBus.pirq(1, 1));
        assertEquals(3, PciBus.pirq(1, 4));
        assertEquals(1, PciBus.pirq(2, 1));
        assertEquals(2, PciBus.pirq(3, 1));
        assertEquals(3, PciBus.pirq(4, 1));
        assertEquals(0, PciBus.pirq(5, 1));
        assertEquals(3, PciBus.pirq(0, 1));
    }

    @Test
    void interruptDisableHoldsTheLineBackButNotTheStatusBit() {
        TestFunction function = new TestFunction();
        bus.add(1, 0, isaBridge);
        bus.add(5, 0, function);
        config.write(1, 0, 0x60, 1, 10);
        config.write(5, 0, ConfigSpace.COMMAND, 2, ConfigSpace.COMMAND_INTERRUPT_DISABLE);
        function.pin.set(true);
        assertFalse(isa[10].level);
        assertEquals(
                ConfigSpace.STATUS_INTERRUPT, config.read(5, 0, ConfigSpace.STATUS, 2) & ConfigSpace.STATUS_INTERRUPT);
        config.write(5, 0, ConfigSpace.COMMAND, 2, 0);
        assertTrue(isa[10].level);
        function.pin.set(false);
        assertFalse(isa[10].level);
        assertEquals(0, config.read(5, 0, ConfigSpace.STATUS, 2) & ConfigSpace.STATUS_INTERRUPT);
    }

    @Test
    void functionsAreListedByPlaceWithTheirBars() {
        bus.add(5, 1, new TestFunction().bar(4, Bar.Kind.IO, 32).bar(0, Bar.Kind.MEMORY_32, 4096));
        bus.add(5, 0, new TestFunction());
        config.write(5, 1, ConfigSpace.BASE_ADDRESS, 4, 0xd000_0000);
        config.write(5, 1, ConfigSpace.COMMAND, 2, ConfigSpace.COMMAND_MEMORY);
        List<FunctionInfo> functions = bus.functions();
        assertEquals(2, functions.size());
        assertEquals(0, functions.get(0).function());
        assertEquals(5, functions.get(1).slot());
        assertEquals("test", functions.get(1).identity().name());
        assertEquals(
                List.of(
                        new FunctionInfo.BarInfo(0, Bar.Kind.MEMORY_32, 4096, 0xd000_0000L),
                        new FunctionInfo.BarInfo(4, Bar.Kind.IO, 32, AddressDecoder.UNMAPPED)),
                functions.get(1).bars());
    }

    @Test
    void configurationAccessesAreTraced(@TempDir Path directory) throws IOException {
        bus.add(3, 0, new TestFunction());
        Path file = directory.resolve("trace.jfr");
        try (Recording recording = new Recording()) {
            recording.enable("vmm.ConfigAccess");
            recording.start();
            config.read(3, 0, 0, 2);
            config.write(3, 0, ConfigSpace.INTERRUPT_LINE, 1, 0xee);
            recording.stop();
            recording.dump(file);
        }
        List<RecordedEvent> events = RecordingFile.readAllEvents(file).stream()
                .filter(event -> event.getEventType().getName().equals("vmm.ConfigAccess"))
                .toList();
        assertEquals(2, events.size());
        assertEquals("03.0", events.get(0).getString("bdf"));
        assertEquals(0x1234, events.get(0).getLong("value"));
        assertEquals(2, events.get(0).getInt("size"));
        assertFalse(events.get(0).getBoolean("write"));
        assertEquals(0x3c, events.get(1).getInt("register"));
        assertEquals(0xee, events.get(1).getLong("value"));
        assertTrue(events.get(1).getBoolean("write"));
    }
}
