package vmm.virtio.pci;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vmm.bus.Doorbells;
import vmm.irq.MsiRouter;
import vmm.memory.GuestFaultException;
import vmm.memory.GuestMemory;
import vmm.pci.AddressDecoder;
import vmm.pci.Bar;
import vmm.pci.ConfigSpace;
import vmm.pci.Msix;
import vmm.pci.PciFunction;
import vmm.virtio.Activation;
import vmm.virtio.DeviceEvents;
import vmm.virtio.Features;
import vmm.virtio.QueueSetup;
import vmm.virtio.VirtioDevice;

/**
 * A virtio device on the PCI bus (virtio 1.3 4.1), by the modern interface, the legacy one, or whichever of the two its
 * driver chooses: legacy registers in BAR 0, MSI-X in BAR 1, modern registers in BAR 4, one vector for each queue and
 * one for the configuration.
 *
 * <p>Its lock is taken by vCPU threads only, after that of the bus, and is held while the device stops: what a worker
 * may call ({@link DeviceEvents} and the queues' interrupts) takes neither.
 */
public final class VirtioPciFunction extends PciFunction {
    private static final Logger LOG = LoggerFactory.getLogger(VirtioPciFunction.class);

    private static final int LEGACY_BAR = 0;
    private static final int MSIX_BAR = 1;
    static final int REGISTER_BAR = 4;

    private final VirtioDevice device;
    private final GuestMemory memory;
    private final TransportInterrupts interrupts;
    private final QueueDoorbells doorbells;
    private final TransportState state;
    private final @Nullable Bar legacyBar;
    private final @Nullable Bar modernBar;
    private final @Nullable ConfigWindow window;
    private volatile boolean warned;

    /** Whether the function was a bus master after the last write to configuration space, under whose lock this is. */
    private boolean master;

    /**
     * A function that carries {@code device}.
     *
     * @param name for people, as "virtio-blk"
     * @param memory where the driver puts its queues
     * @param doorbells how the kernel signals notifications
     * @param messages where MSI-X vectors come from
     */
    public VirtioPciFunction(
            String name,
            VirtioDevice device,
            VirtioTransport transport,
            GuestMemory memory,
            Doorbells doorbells,
            MsiRouter messages) {
        super(transport.identity(name, device.type()));
        int[] queueSizes = device.queueSizes();
        if (queueSizes.length > ModernRegisters.MAX_QUEUES) {
            throw new IllegalArgumentException(name + " has more than " + ModernRegisters.MAX_QUEUES + " queues.");
        }
        this.device = device;
        this.memory = memory;
        Msix msix = new Msix(queueSizes.length + 1, messages);
        this.interrupts = new TransportInterrupts(msix, addInterruptPin(1), queueSizes.length);
        try {
            this.doorbells = new QueueDoorbells(doorbells, queueSizes.length);
        } catch (RuntimeException failure) {
            msix.close();
            throw failure;
        }
        this.state = new TransportState(VirtioPciState.initial(queueSizes), interrupts, new DeviceLifecycle());
        DeviceConfig config = new DeviceConfig(device);
        if (transport.isLegacy()) {
            LegacyRegisters registers =
                    new LegacyRegisters(device.features(), state, interrupts, config, this::queueNotified);
            legacyBar = addBar(LEGACY_BAR, Bar.Kind.IO, LegacyRegisters.size(config.size()), registers);
        } else {
            legacyBar = null;
        }
        if (transport.isModern()) {
            CommonConfig common = new CommonConfig(device.features() | Features.VERSION_1, state, interrupts);
            ModernRegisters registers = new ModernRegisters(state, common, interrupts, config, this::queueNotified);
            modernBar = addBar(REGISTER_BAR, Bar.Kind.MEMORY_64_PREFETCHABLE, ModernRegisters.SIZE, registers);
            window = addCapabilities(registers);
        } else {
            modernBar = null;
            window = null;
        }
        addMsix(MSIX_BAR, msix);
    }

    private ConfigWindow addCapabilities(ModernRegisters registers) {
        addStructure(VirtioCapability.COMMON_CFG, ModernRegisters.COMMON);
        addStructure(VirtioCapability.ISR_CFG, ModernRegisters.ISR);
        addStructure(VirtioCapability.DEVICE_CFG, ModernRegisters.DEVICE);
        addCapability(
                VirtioCapability.ID,
                VirtioCapability.notify(
                        REGISTER_BAR,
                        ModernRegisters.NOTIFY,
                        ModernRegisters.STRUCTURE_SIZE,
                        ModernRegisters.NOTIFY_MULTIPLIER));
        int pciCfg = addCapability(VirtioCapability.ID, VirtioCapability.pciCfg());
        return new ConfigWindow(config(), pciCfg, registers);
    }

    private void addStructure(int type, int offset) {
        addCapability(
                VirtioCapability.ID,
                VirtioCapability.structure(type, REGISTER_BAR, offset, ModernRegisters.STRUCTURE_SIZE));
    }

    /** What the driver can see of the transport at this moment. */
    public VirtioPciState snapshot() {
        synchronized (state) {
            return state.snapshot();
        }
    }

    @Override
    protected void configReading(int offset, int size) {
        if (window != null) {
            window.reading(offset, size);
        }
    }

    @Override
    protected void configWritten(int offset, int size) {
        interrupts.msixChanged();
        followBusMaster();
        if (window != null) {
            window.written(offset, size);
        }
    }

    /**
     * Stops the device when it may no longer reach memory (PCI 3.0 6.2.2). A kernel that starts another one without
     * resetting its devices relies on that: what was memory for a device has become something else.
     */
    private void followBusMaster() {
        boolean was = master;
        master = (config().read(ConfigSpace.COMMAND, 2) & ConfigSpace.COMMAND_MASTER) != 0;
        if (was && !master) {
            synchronized (state) {
                state.halt();
            }
        }
    }

    @Override
    protected void mappingChanged(AddressDecoder decoder) {
        synchronized (state) {
            if (decoder == modernBar) {
                doorbells.move(QueueDoorbells.Interface.MODERN, decoder.address());
            } else if (decoder == legacyBar) {
                doorbells.move(QueueDoorbells.Interface.LEGACY, decoder.address());
            }
        }
    }

    @Override
    protected void onReset() {
        master = false;
        synchronized (state) {
            state.reset();
        }
    }

    @Override
    public void retire() {
        synchronized (state) {
            state.retire();
        }
    }

    @Override
    public void close() {
        doorbells.close();
        super.close();
    }

    private void queueNotified(int queue) {
        if (queue < state.queues().size()) {
            doorbells.ring(queue);
        }
    }

    /** Starts and stops the device as the driver asks, under the lock. */
    private final class DeviceLifecycle implements TransportState.Lifecycle {
        @Override
        public void start() {
            // virtio 1.3 2.2.3: FEATURES_OK stands for VERSION_1, and without it the driver is a legacy one
            boolean modern = state.has(TransportState.STATUS_FEATURES_OK);
            List<@Nullable QueueSetup> setups = new ArrayList<>();
            for (int i = 0; i < state.queues().size(); i++) {
                setups.add(setup(i, state.queues().get(i)));
            }
            doorbells.start(modern ? QueueDoorbells.Interface.MODERN : QueueDoorbells.Interface.LEGACY);
            long features = modern ? state.driverFeatures : LegacyRegisters.accepted(state, device.features());
            try {
                device.activate(new Activation(memory, features, Collections.unmodifiableList(setups), new Events()));
            } catch (GuestFaultException e) {
                breakDevice(e.getMessage());
            }
        }

        @Override
        public void startQueue(int index) {
            QueueSetup setup = setup(index, state.queues().get(index));
            if (setup != null) {
                try {
                    device.enableQueue(setup);
                } catch (GuestFaultException e) {
                    breakDevice(e.getMessage());
                }
            }
        }

        @Override
        public void stopQueue(int index) {
            device.resetQueue(index);
        }

        private @Nullable QueueSetup setup(int index, TransportState.Queue queue) {
            if (!queue.enabled) {
                return null;
            }
            return new QueueSetup(
                    index,
                    queue.size,
                    queue.descriptorArea,
                    queue.driverArea,
                    queue.deviceArea,
                    doorbells.bell(index),
                    interrupts.ofQueue(index));
        }

        @Override
        public void stop() {
            doorbells.stop();
            device.reset();
        }
    }

    private final class Events implements DeviceEvents {
        @Override
        public void configChanged() {
            state.configChanged();
            interrupts.signalConfig();
        }

        @Override
        public void needsReset(String reason) {
            breakDevice(reason);
        }
    }

    /** Any thread, with or without the lock. */
    private void breakDevice(@Nullable String reason) {
        if (!warned) {
            // Once: a guest can do this as often as it likes.
            warned = true;
            LOG.warn("{} needs a reset by its driver: {}", identity().name(), reason);
        }
        state.setNeedsReset();
        interrupts.signalConfig();
    }
}
