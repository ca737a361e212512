package vmm.virtio.pci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.function.LongUnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import vmm.bus.Bus;
import vmm.irq.IrqLine;
import vmm.memory.GuestMemory;
import vmm.pci.AddressDecoder;
import vmm.pci.ConfigSpace;
import vmm.pci.FakeLine;
import vmm.pci.FakeRouter;
import vmm.pci.FunctionInfo;
import vmm.pci.PciBus;
import vmm.pci.PciResources;
import vmm.pci.PciWindows;
import vmm.pci.chipset.HostBridge;
import vmm.pci.chipset.PiixIsaBridge;
import vmm.pci.chipset.PiixPowerManagement;
import vmm.virtio.Activation;
import vmm.virtio.Features;
import vmm.virtio.QueueSetup;

/** A guest that writes anything anywhere on the bus but to one function, which must not notice. */
@ParameterizedClass
@EnumSource
final class RandomAccessTest {
    private static final long SEED = 20250101;
    private static final int ACCESSES = 200_000;
    private static final int VICTIM = 3;
    private static final int TARGET = 4;
    private static final int[] SIZES = {1, 2, 4, 8};
    private static final int[] SLOTS = {0, 1, TARGET};
    private static final int RAM = 64 << 20;

    private final Random random = new Random(SEED);
    private final Bus ports = new Bus();
    private final Bus mmio = new Bus();
    private final GuestMemory memory = GuestMemory.detached(RAM);
    private final FakeLine[] isa = FakeLine.isa();
    private final PciBus bus;
    private final FakeDevice victim = new FakeDevice(2, 256);
    private final FakeDevice target = new FakeDevice(8, 128, 128, 64, 64);
    private final FakeRouter victimRouter = new FakeRouter();
    private final FakeDoorbells victimBells = new FakeDoorbells();
    private final FakeDoorbells targetBells = new FakeDoorbells();
    private final VirtioTransport transport;
    private final VirtioPciFunction targetFunction;
    private final VirtioPciFunction victimFunction;

    RandomAccessTest(VirtioTransport transport) {
        this.transport = transport;
        targetFunction = new VirtioPciFunction("target", target, transport, memory, targetBells, new FakeRouter());
        victimFunction = new VirtioPciFunction("victim", victim, transport, memory, victimBells, victimRouter);
        PiixIsaBridge isaBridge = new PiixIsaBridge(isa);
        bus = new PciBus(ports, mmio, memory, isaBridge);
        bus.add(0, 0, new HostBridge());
        bus.add(1, 0, isaBridge);
        bus.add(1, 3, new PiixPowerManagement(IrqLine.UNCONNECTED, () -> {}));
        bus.add(VICTIM, 0, victimFunction);
        bus.add(TARGET, 0, targetFunction);
        new PciResources(PciWindows.of(memory)).assign(bus);
    }

    @Test
    void onlyTheFunctionThatIsAbusedSuffers() {
        new VirtioPciDriver(ports, mmio, VICTIM).enableMsix(2);
        startWithAVector(VICTIM);
        VirtioPciState victimState = victimFunction.snapshot();
        String victimConfig = configOf(VICTIM);
        FunctionInfo victimInfo = infoOf(VICTIM);
        QueueSetup victimQueue =
                Objects.requireNonNull(victim.activation().queues().get(0));

        for (int i = 0; i < ACCESSES; i++) {
            switch (random.nextInt(10)) {
                case 0, 1, 2 -> accessConfigPorts();
                case 3, 4, 5, 6 -> {
                    if (transport.isModern() && (!transport.isLegacy() || random.nextBoolean())) {
                        accessRegisters();
                    } else {
                        accessLegacyRegisters();
                    }
                }
                case 7 -> accessMsix();
                case 8 -> deviceActs();
                default -> restoreDecoding();
            }
            if (i % 1000 == 0) {
                checkMappings();
            }
        }

        checkMappings();
        assertEquals(victimState, victimFunction.snapshot());
        assertEquals(victimConfig, configOf(VICTIM));
        assertEquals(victimInfo, infoOf(VICTIM));
        int before = victimRouter.signals();
        victimQueue.interrupt().signal();
        assertEquals(before + 1, victimRouter.signals());
        assertEquals(0, victim.resets);
        // The abuse reached what it was meant to reach.
        assertTrue(target.activations > 10, target.activations + " activations");

        bus.reset();
        assertEquals(VirtioPciState.initial(target.queueSizes()), targetFunction.snapshot());
        assertFalse(mmio.overlaps(0, Long.MAX_VALUE));
        for (FakeLine line : isa) {
            assertFalse(line.level);
        }
        new PciResources(PciWindows.of(memory)).assign(bus);
        startWithAVector(TARGET);
    }

    /** Starts a device by the older interface it has, and gives its first queue vector 1. */
    private void startWithAVector(int slot) {
        if (transport.isLegacy()) {
            LegacyPciDriver driver = new LegacyPciDriver(ports, slot);
            driver.start(0, 1);
            driver.write(LegacyPciDriver.QUEUE_VECTOR, 2, 1);
        } else {
            VirtioPciDriver driver = new VirtioPciDriver(ports, mmio, slot);
            driver.start(Features.VERSION_1, 1);
            driver.select(0);
            driver.write(0x1a, 2, 1);
        }
    }

    private int size() {
        return SIZES[random.nextInt(SIZES.length)];
    }

    private long value(int size) {
        long value = switch (random.nextInt(4)) {
            case 0 -> random.nextInt(16);
            case 1 -> -1;
            case 2 -> 1L << random.nextInt(64);
            default -> random.nextLong();
        };
        return size == 8 ? value : value & ((1L << (8 * size)) - 1);
    }

    private void accessConfigPorts() {
        int slot = SLOTS[random.nextInt(SLOTS.length)];
        int function = random.nextInt(20) == 0 ? random.nextInt(8) : slot == 1 && random.nextBoolean() ? 3 : 0;
        ports.write(0xcf8, 4, 0x8000_0000L | ((long) slot << 11) | ((long) function << 8) | random.nextInt(256));
        long port = 0xcfcL + random.nextInt(4);
        int size = size();
        if (random.nextInt(3) == 0) {
            ports.read(port, size);
        } else {
            ports.write(port, size, value(size));
        }
        ports.read(0xcf8L + random.nextInt(4), size());
    }

    private void accessRegisters() {
        long base = baseOf(4);
        if (base == AddressDecoder.UNMAPPED) {
            return;
        }
        int size = size();
        long offset = random.nextBoolean() ? random.nextInt(0x40) : random.nextInt(0x4000);
        if (random.nextInt(8) == 0) {
            mmio.write(base + 0x14, 1, new int[] {0, 1, 3, 11, 15}[random.nextInt(5)]);
        } else if (random.nextInt(16) == 0) {
            start(base);
        } else if (random.nextBoolean()) {
            mmio.read(base + offset, size);
        } else {
            mmio.write(base + offset, size, value(size));
        }
    }

    private void start(long base) {
        mmio.write(base + 0x14, 1, 0);
        mmio.write(base + 8, 4, 1);
        mmio.write(base + 12, 4, 1);
        mmio.write(base + 0x14, 1, 15);
    }

    private void accessLegacyRegisters() {
        long base = baseOf(0);
        if (base == AddressDecoder.UNMAPPED) {
            return;
        }
        int size = size();
        long offset = random.nextInt(3) == 0 ? random.nextInt(64) : random.nextInt(0x18);
        switch (random.nextInt(12)) {
            case 0 -> ports.write(base + LegacyPciDriver.STATUS, 1, new int[] {0, 1, 3, 7}[random.nextInt(4)]);
            case 1 -> {
                ports.write(base + LegacyPciDriver.SELECT, 2, random.nextInt(6));
                ports.write(base + LegacyPciDriver.ADDRESS, 4, random.nextInt(4));
                ports.write(base + LegacyPciDriver.NOTIFY, 2, random.nextInt(6));
            }
            case 2, 3, 4, 5 -> ports.read(base + offset, size);
            default -> ports.write(base + offset, size, value(size));
        }
    }

    private void accessMsix() {
        long base = baseOf(1);
        if (base == AddressDecoder.UNMAPPED) {
            return;
        }
        int size = size();
        long offset = random.nextBoolean() ? random.nextInt(0x50) : random.nextInt(0x1000);
        if (random.nextBoolean()) {
            mmio.read(base + offset, size);
        } else {
            mmio.write(base + offset, size, value(size));
        }
    }

    private void deviceActs() {
        Activation activation = target.activation;
        if (activation == null) {
            return;
        }
        for (QueueSetup queue : activation.queues()) {
            if (queue != null) {
                queue.interrupt().signal();
            }
        }
        activation.events().configChanged();
        if (random.nextInt(50) == 0) {
            activation.events().needsReset("random");
        }
    }

    /** Otherwise the guest would have lost its device to the first write to the command register. */
    private void restoreDecoding() {
        if (transport.isLegacy() && baseOf(0) == AddressDecoder.UNMAPPED) {
            bus.writeConfig(TARGET, 0, 0x10, 4, 0x8000 | (random.nextInt(64) << 6));
            bus.writeConfig(TARGET, 0, ConfigSpace.COMMAND, 2, 7);
        }
        if (transport.isModern() && baseOf(4) == AddressDecoder.UNMAPPED) {
            bus.writeConfig(TARGET, 0, 0x10 + 4, 4, 0xd000_0000 | (random.nextInt(64) << 12));
            bus.writeConfig(TARGET, 0, 0x10 + 16, 4, random.nextInt());
            bus.writeConfig(TARGET, 0, 0x10 + 20, 4, random.nextInt(4));
            bus.writeConfig(TARGET, 0, ConfigSpace.COMMAND, 2, 7);
        }
    }

    private long baseOf(int bar) {
        return infoOf(TARGET).bars().stream()
                .filter(info -> info.index() == bar)
                .findFirst()
                .orElseThrow()
                .address();
    }

    private FunctionInfo infoOf(int slot) {
        return bus.functions().stream()
                .filter(info -> info.slot() == slot)
                .findFirst()
                .orElseThrow();
    }

    private String configOf(int slot) {
        return IntStream.range(0, 64)
                .mapToObj(i -> Integer.toHexString(bus.readConfig(slot, 0, 4 * i, 4)))
                .collect(Collectors.joining(" "));
    }

    private void checkMappings() {
        assertFalse(mmio.overlaps(0, RAM), "RAM is covered");
        assertFalse(mmio.overlaps(0xfec0_0000L, 0x140_0000), "the interrupt controllers are covered");
        boolean running = target.activation != null;
        boolean modern = (targetFunction.snapshot().status() & 8) != 0;
        assertEquals(
                running && modern ? bells(baseOf(4), base -> base + 0x3000, 4) : Set.of(),
                targetBells.connected.keySet());
        assertEquals(running && !modern ? bells(baseOf(0), base -> 0L, 1) : Set.of(), targetBells.matched.keySet());
        assertEquals(1, victimBells.connected.size() + victimBells.matched.size());
    }

    private static Set<Long> bells(long base, LongUnaryOperator first, int stride) {
        return base == AddressDecoder.UNMAPPED
                ? Set.of()
                : LongStream.range(0, 4)
                        .mapToObj(queue -> first.applyAsLong(base) + stride * queue)
                        .collect(Collectors.toSet());
    }
}
