package vmm.virtio.pci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import vmm.bus.Bus;
import vmm.fuzz.SeededInputs;
import vmm.memory.GuestMemory;
import vmm.pci.AddressDecoder;
import vmm.pci.FakeLine;
import vmm.pci.FakeRouter;
import vmm.pci.FunctionInfo;
import vmm.pci.PciBus;
import vmm.pci.PciResources;
import vmm.pci.PciWindows;
import vmm.pci.chipset.PiixIsaBridge;
import vmm.virtio.Activation;
import vmm.virtio.Features;
import vmm.virtio.QueueSetup;

/** The registers of all three transports, under any sequence of accesses. */
class TransportFuzz {
    private static final int SLOT = 3;
    private static final int QUEUES = 3;
    private static final int RAM = 1 << 20;
    private static final int MOST_STEPS = 200;
    private static final int MODERN_BAR = 4;
    private static final int[] SIZES = {1, 2, 4, 8};

    /** A machine with one device, and a guest that reaches all of its registers. */
    private static final class Machine implements AutoCloseable {
        final VirtioTransport transport;
        final Bus ports = new Bus();
        final Bus mmio = new Bus();
        final GuestMemory memory = GuestMemory.detached(RAM);
        final FakeDoorbells doorbells = new FakeDoorbells();
        final FakeDevice device = new FakeDevice(8, 128, 64, 64);
        final VirtioPciFunction function;
        final PciBus bus;

        Machine(VirtioTransport transport) {
            this.transport = transport;
            function = new VirtioPciFunction("fuzzed", device, transport, memory, doorbells, new FakeRouter());
            PiixIsaBridge isaBridge = new PiixIsaBridge(FakeLine.isa());
            bus = new PciBus(ports, mmio, memory, isaBridge);
            bus.add(1, 0, isaBridge);
            bus.add(SLOT, 0, function);
            plugAndPlay();
        }

        void plugAndPlay() {
            new PciResources(PciWindows.of(memory)).assign(bus);
        }

        long base(int bar) {
            return bus.functions().stream()
                    .filter(info -> info.slot() == SLOT)
                    .flatMap(info -> info.bars().stream())
                    .filter(info -> info.index() == bar)
                    .mapToLong(FunctionInfo.BarInfo::address)
                    .findFirst()
                    .orElse(AddressDecoder.UNMAPPED);
        }

        void step(FuzzedDataProvider data) {
            switch (data.consumeInt(0, 9)) {
                case 0 -> accessConfiguration(data);
                case 1 -> access(data, mmio, base(1), 0x1000);
                case 2, 3 -> access(data, ports, base(0), 64);
                case 4, 5 -> access(data, mmio, base(MODERN_BAR), data.consumeBoolean() ? 0x40 : ModernRegisters.SIZE);
                case 6 -> startLegacy(data);
                case 7 -> startModern(data);
                case 8 -> deviceActs(data);
                default -> {
                    bus.reset();
                    assertEquals(VirtioPciState.initial(device.queueSizes()), function.snapshot());
                    plugAndPlay();
                }
            }
        }

        private void accessConfiguration(FuzzedDataProvider data) {
            ports.write(0xcf8, 4, 0x8000_0000L | SLOT << 11 | data.consumeInt(0, 255));
            access(data, ports, 0xcfc, 4);
        }

        private static void access(FuzzedDataProvider data, Bus bus, long base, int length) {
            if (base == AddressDecoder.UNMAPPED) {
                return;
            }
            long address = base + data.consumeInt(0, length - 1);
            int size = data.pickValue(SIZES);
            if (data.consumeBoolean()) {
                bus.read(address, size);
            } else {
                long value = data.consumeLong();
                bus.write(address, size, size == 8 ? value : value & ((1L << (8 * size)) - 1));
            }
        }

        /** What a legacy driver does, as far as it goes. */
        private void startLegacy(FuzzedDataProvider data) {
            long base = base(0);
            if (base == AddressDecoder.UNMAPPED) {
                return;
            }
            for (int i = data.consumeInt(0, QUEUES); i > 0; i--) {
                ports.write(base + LegacyPciDriver.SELECT, 2, data.consumeInt(0, QUEUES));
                ports.write(base + LegacyPciDriver.ADDRESS, 4, data.consumeInt(0, 2));
            }
            if (data.consumeBoolean()) {
                ports.write(base + LegacyPciDriver.NOTIFY, 2, data.consumeInt(0, QUEUES));
            }
            ports.write(base + LegacyPciDriver.STATUS, 1, data.consumeInt(0, 7));
        }

        /** What a modern driver does, as far as it goes. */
        private void startModern(FuzzedDataProvider data) {
            long base = base(MODERN_BAR);
            if (base == AddressDecoder.UNMAPPED) {
                return;
            }
            mmio.write(base + 0x08, 4, 1);
            mmio.write(base + 0x0c, 4, (Features.VERSION_1 | Features.RING_RESET) >>> 32);
            mmio.write(base + 0x14, 1, data.consumeInt(0, 15));
            for (int i = data.consumeInt(0, QUEUES); i > 0; i--) {
                mmio.write(base + 0x16, 2, data.consumeInt(0, QUEUES));
                mmio.write(base + (data.consumeBoolean() ? 0x1c : 0x3a), 2, 1);
            }
            mmio.write(base + 0x14, 1, data.consumeInt(0, 15));
        }

        private void deviceActs(FuzzedDataProvider data) {
            Activation activation = device.activation;
            if (activation == null) {
                return;
            }
            for (QueueSetup queue : activation.queues()) {
                if (queue != null && data.consumeBoolean()) {
                    queue.interrupt().signal();
                }
            }
            activation.events().configChanged();
            if (data.consumeInt(0, 15) == 0) {
                activation.events().needsReset("fuzzed");
            }
        }

        /** What the transport says, what the device knows and where the kernel listens is one and the same. */
        void check() {
            VirtioPciState state = function.snapshot();
            boolean running = device.activation != null;
            boolean modern = (state.status() & TransportState.STATUS_FEATURES_OK) != 0;
            assertEquals(running ? enabled(state) : Set.of(), running ? device.enabled : Set.of());
            boolean modernBells = running && modern && base(MODERN_BAR) != AddressDecoder.UNMAPPED;
            boolean legacyBells = running && !modern && base(0) != AddressDecoder.UNMAPPED;
            assertEquals(modernBells ? QUEUES : 0, doorbells.connected.size());
            assertEquals(legacyBells ? QUEUES : 0, doorbells.matched.size());
            if (running) {
                assertEquals(0, device.activation().features() & ~(FakeDevice.OFFERED | Features.VERSION_1));
                assertEquals(modern, device.activation().has(Features.VERSION_1));
            }
            assertFalse(modern && transport == VirtioTransport.LEGACY);
            assertFalse(running && !modern && transport == VirtioTransport.MODERN);
            assertFalse(mmio.overlaps(0, RAM));
        }

        private static Set<Integer> enabled(VirtioPciState state) {
            Set<Integer> enabled = new TreeSet<>();
            for (int i = 0; i < QUEUES; i++) {
                if (state.queues().get(i).enabled()) {
                    enabled.add(i);
                }
            }
            return enabled;
        }

        @Override
        public void close() {
            bus.close();
            assertEquals(0, doorbells.connected.size() + doorbells.matched.size());
        }
    }

    @FuzzTest
    void aFunctionWithLegacyRegistersKeepsInStepWithItsDevice(FuzzedDataProvider data) {
        live(data, data.consumeBoolean() ? VirtioTransport.LEGACY : VirtioTransport.TRANSITIONAL);
    }

    @FuzzTest
    void aFunctionWithModernRegistersKeepsInStepWithItsDevice(FuzzedDataProvider data) {
        live(data, data.consumeBoolean() ? VirtioTransport.MODERN : VirtioTransport.TRANSITIONAL);
    }

    private static void live(FuzzedDataProvider data, VirtioTransport transport) {
        try (Machine machine = new Machine(transport)) {
            for (int i = 0; i < MOST_STEPS && data.remainingBytes() > 0; i++) {
                machine.step(data);
                machine.check();
            }
        }
    }

    @Test
    void seededInputs() {
        SeededInputs.run(TransportFuzz.class, 500, this::aFunctionWithLegacyRegistersKeepsInStepWithItsDevice);
        SeededInputs.run(TransportFuzz.class, 500, this::aFunctionWithModernRegistersKeepsInStepWithItsDevice);
    }
}
