package vmm.virtio.pci;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vmm.bus.BusDevice;
import vmm.bus.Doorbells;
import vmm.irq.MsiRouter;
import vmm.memory.GuestFaultException;
import vmm.memory.GuestMemory;
import vmm.pci.AddressDecoder;
import vmm.pci.Bar;
import vmm.pci.Msix;
import vmm.pci.PciFunction;
import vmm.pci.PciIdentity;
import vmm.virtio.Activation;
import vmm.virtio.DeviceEvents;
import vmm.virtio.Features;
import vmm.virtio.QueueSetup;
import vmm.virtio.VirtioDevice;

/**
 * A virtio device on the PCI bus, by the modern transport (virtio 1.3 4.1): MSI-X in BAR 1, all other registers in BAR
 * 4, one vector for each queue and one for the configuration.
 *
 * <p>Its lock is taken by vCPU threads only, after that of the bus, and is held while the device stops: what a worker
 * may call ({@link DeviceEvents} and the queues' interrupts) takes neither.
 */
public final class VirtioPciFunction extends PciFunction {
    private static final Logger LOG = LoggerFactory.getLogger(VirtioPciFunction.class);

    /** The number of queues that fit in the notification structure. */
    private static final int MAX_QUEUES = 1024;

    private static final int VENDOR_ID = 0x1af4;
    private static final int FIRST_DEVICE_ID = 0x1040;
    private static final int REVISION = 1;
    private static final int SUBSYSTEM_ID = 0x1100;
    private static final int CLASS_STORAGE = 0x01_00_00;
    private static final int CLASS_OTHER = 0x00_ff_00;
    private static final int TYPE_BLOCK = 2;
    private static final int TYPE_SCSI = 8;

    private static final int MSIX_BAR = 1;
    static final int REGISTER_BAR = 4;
    static final int REGISTER_BAR_SIZE = 0x4000;
    private static final int STRUCTURE_SIZE = 0x1000;
    private static final int COMMON = 0x0000;
    private static final int ISR = 0x1000;
    private static final int DEVICE = 0x2000;
    private static final int NOTIFY = 0x3000;
    private static final int NOTIFY_MULTIPLIER = 4;

    private final VirtioDevice device;
    private final GuestMemory memory;
    private final Msix msix;
    private final TransportInterrupts interrupts;
    private final QueueDoorbells doorbells;
    private final CommonConfig common;
    private final ConfigWindow window;
    private final Bar registerBar;

    private final Object lock = new Object();
    private boolean active;
    private volatile boolean warned;

    /**
     * A function that carries {@code device}.
     *
     * @param name for people, as "virtio-blk"
     * @param memory where the driver puts its queues
     * @param doorbells how the kernel signals notifications
     * @param messages where MSI-X vectors come from
     */
    public VirtioPciFunction(
            String name, VirtioDevice device, GuestMemory memory, Doorbells doorbells, MsiRouter messages) {
        super(identity(name, device.type()));
        int[] queueSizes = device.queueSizes();
        if (queueSizes.length > MAX_QUEUES) {
            throw new IllegalArgumentException(name + " has more than " + MAX_QUEUES + " queues.");
        }
        this.device = device;
        this.memory = memory;
        this.msix = new Msix(queueSizes.length + 1, messages);
        this.interrupts = new TransportInterrupts(msix, addInterruptPin(1), queueSizes.length);
        this.doorbells = new QueueDoorbells(doorbells, queueSizes.length, NOTIFY, NOTIFY_MULTIPLIER);
        this.common = new CommonConfig(
                device.features() | Features.VERSION_1,
                VirtioPciState.initial(queueSizes),
                interrupts,
                new DeviceLifecycle());
        Registers registers = new Registers();
        this.registerBar = addBar(REGISTER_BAR, Bar.Kind.MEMORY_64_PREFETCHABLE, REGISTER_BAR_SIZE, registers);
        addStructure(VirtioCapability.COMMON_CFG, COMMON);
        addStructure(VirtioCapability.ISR_CFG, ISR);
        addStructure(VirtioCapability.DEVICE_CFG, DEVICE);
        addCapability(
                VirtioCapability.ID, VirtioCapability.notify(REGISTER_BAR, NOTIFY, STRUCTURE_SIZE, NOTIFY_MULTIPLIER));
        int pciCfg = addCapability(VirtioCapability.ID, VirtioCapability.pciCfg());
        this.window = new ConfigWindow(config(), pciCfg, registers);
        addMsix(MSIX_BAR, msix);
    }

    private static PciIdentity identity(String name, int type) {
        int classCode = type == TYPE_BLOCK || type == TYPE_SCSI ? CLASS_STORAGE : CLASS_OTHER;
        return new PciIdentity(name, VENDOR_ID, FIRST_DEVICE_ID + type, REVISION, classCode, VENDOR_ID, SUBSYSTEM_ID);
    }

    private void addStructure(int type, int offset) {
        addCapability(VirtioCapability.ID, VirtioCapability.structure(type, REGISTER_BAR, offset, STRUCTURE_SIZE));
    }

    /** What the driver can see of the transport at this moment. */
    public VirtioPciState snapshot() {
        synchronized (lock) {
            return common.snapshot();
        }
    }

    @Override
    protected void configReading(int offset, int size) {
        window.reading(offset, size);
    }

    @Override
    protected void configWritten(int offset, int size) {
        interrupts.msixChanged();
        window.written(offset, size);
    }

    @Override
    protected void mappingChanged(AddressDecoder decoder) {
        if (decoder == registerBar) {
            synchronized (lock) {
                doorbells.move(decoder.address());
            }
        }
    }

    @Override
    protected void onReset() {
        synchronized (lock) {
            common.reset();
        }
    }

    @Override
    public void close() {
        doorbells.close();
        super.close();
    }

    /** The registers of BAR 4. */
    private final class Registers implements BusDevice {
        @Override
        public long read(long offset, int size) {
            int at = (int) offset % STRUCTURE_SIZE;
            return switch ((int) offset - at) {
                case COMMON -> {
                    synchronized (lock) {
                        yield common.read(at, size);
                    }
                }
                case ISR -> at == 0 ? interrupts.readIsr() : 0;
                case DEVICE -> readDevice(at, size);
                default -> 0;
            };
        }

        @Override
        public void write(long offset, int size, long value) {
            int at = (int) offset % STRUCTURE_SIZE;
            switch ((int) offset - at) {
                case COMMON -> {
                    synchronized (lock) {
                        common.write(at, size, value);
                    }
                }
                case DEVICE -> {
                    if (at + size <= device.configSize()) {
                        synchronized (lock) {
                            device.writeConfig(at, size, value);
                        }
                    }
                }
                case NOTIFY -> notifyQueue(at / NOTIFY_MULTIPLIER);
                default -> {}
            }
        }

        private long readDevice(int at, int size) {
            synchronized (lock) {
                if (at + size <= device.configSize()) {
                    return device.readConfig(at, size);
                }
                long value = 0;
                for (int i = 0; i < size && at + i < device.configSize(); i++) {
                    value |= (device.readConfig(at + i, 1) & 0xff) << (i * Byte.SIZE);
                }
                return value;
            }
        }

        private void notifyQueue(int queue) {
            if (queue < common.queues().size()) {
                doorbells.bell(queue).signal();
            }
        }
    }

    /** Starts and stops the device as the driver asks, under the lock. */
    private final class DeviceLifecycle implements CommonConfig.Lifecycle {
        @Override
        public void start() {
            List<@Nullable QueueSetup> setups = new ArrayList<>();
            for (int i = 0; i < common.queues().size(); i++) {
                setups.add(setup(i, common.queues().get(i)));
            }
            active = true;
            doorbells.setRunning(true);
            try {
                device.activate(new Activation(
                        memory, common.driverFeatures(), Collections.unmodifiableList(setups), new Events()));
            } catch (GuestFaultException e) {
                breakDevice(e.getMessage());
            }
        }

        @Override
        public void startQueue(int index) {
            QueueSetup setup = setup(index, common.queues().get(index));
            if (active && setup != null) {
                try {
                    device.enableQueue(setup);
                } catch (GuestFaultException e) {
                    breakDevice(e.getMessage());
                }
            }
        }

        @Override
        public void stopQueue(int index) {
            if (active) {
                device.resetQueue(index);
            }
        }

        private @Nullable QueueSetup setup(int index, CommonConfig.Queue queue) {
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
            if (active) {
                doorbells.setRunning(false);
                device.reset();
                active = false;
            }
            msix.clearPending();
        }
    }

    private final class Events implements DeviceEvents {
        @Override
        public void configChanged() {
            common.configChanged();
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
        common.setNeedsReset();
        interrupts.signalConfig();
    }
}
