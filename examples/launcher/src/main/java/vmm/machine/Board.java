package vmm.machine;

import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import vmm.bus.Bus;
import vmm.firmware.acpi.AcpiConfig;
import vmm.firmware.bios.Firmware;
import vmm.irq.IrqLine;
import vmm.irq.SharedLine;
import vmm.kvm.Capability;
import vmm.kvm.Cpuid;
import vmm.kvm.Kvm;
import vmm.kvm.Vcpu;
import vmm.kvm.VcpuEnd;
import vmm.kvm.VcpuThread;
import vmm.kvm.VirtualMachine;
import vmm.linux.HostException;
import vmm.memory.GuestMemory;
import vmm.pci.FunctionInfo;
import vmm.pci.PciBus;
import vmm.pci.PciFunction;
import vmm.pci.PciWindows;
import vmm.pci.chipset.HostBridge;
import vmm.pci.chipset.PiixIsaBridge;
import vmm.pci.chipset.PiixPowerManagement;
import vmm.pci.chipset.SlotRegisters;
import vmm.platform.AlarmThread;
import vmm.platform.DebugExit;
import vmm.platform.I8042;
import vmm.platform.Port92;
import vmm.platform.ResetListener;
import vmm.platform.ResetPort;
import vmm.platform.Rtc;
import vmm.platform.RtcMemory;
import vmm.platform.SerialSink;
import vmm.platform.Uart16550;

/** The main board: memory, buses, chipset, the devices on them, and what the processors start with. */
final class Board implements AutoCloseable {
    private static final int ISA_INTERRUPTS = 16;
    private static final int COM1_IRQ = 4;

    private final MachineConfig config;
    private final Teardown teardown = new Teardown();
    private final VirtualMachine machine;
    private final Cpuid cpuid;
    private final boolean tscDeadline;
    private final GuestMemory memory;
    private final Bus ports = new Bus();
    private final Bus mmio = new Bus();
    /** The sixteen ISA interrupts, each of which a device of the board and the PCI bus may share. */
    private final List<SharedLine> isa;

    private final Uart16550 uart;
    private final PciBus pci;
    private final PiixPowerManagement powerManagement;
    private final Start start;
    private final Devices devices;
    private final Slots slots;

    /**
     * Builds everything but the processors.
     *
     * @param lasting what the life before has left
     * @param end told how the guest ended this life, on a vCPU's thread
     * @param changes told what becomes of devices
     */
    Board(MachineConfig config, Kvm kvm, Lasting lasting, Consumer<MachineEnd> end, Changes changes) {
        this.config = config;
        try {
            if (config.cpus() > kvm.mostVcpus()) {
                throw new HostException("This host's KVM gives a machine at most " + kvm.mostVcpus() + " vCPUs, not "
                        + config.cpus() + ": ask for fewer with --cpus.");
            }
            cpuid = kvm.supportedCpuid();
            tscDeadline = kvm.check(Capability.TSC_DEADLINE_TIMER) > 0;
            memory = teardown.opened(GuestMemory.allocate(config.memoryBytes()));
            start = teardown.opened(start(lasting.firmware()));
            machine = teardown.opened(kvm.createVirtualMachine());
            HostBridge bridge = start.showMemory(machine, memory);
            machine.createInterruptControllers();
            isa = IntStream.range(0, ISA_INTERRUPTS)
                    .mapToObj(number -> new SharedLine(machine.interrupts().line(number)))
                    .toList();
            uart = addUart(lasting.console());
            addPlatform(lasting.clock(), end);
            powerManagement = new PiixPowerManagement(
                    isa.get(PiixPowerManagement.SCI_IRQ).input(), () -> end.accept(new MachineEnd.PoweredOff()));
            pci = teardown.opened(addPci(bridge));
            devices = teardown.opened(new Devices(config, lasting.disks(), memory, machine, pci, changes::trayMoved));
            addDevices();
            slots = teardown.opened(
                    new Slots(pci, ports, () -> powerManagement.raiseGpe(SlotRegisters.GPE), new Functions(changes)));
            start.load(pci, memory, this::acpiConfig);
        } catch (Throwable failure) {
            teardown.close();
            throw failure;
        }
    }

    private Start start(Optional<Firmware> opened) {
        return switch (config.boot()) {
            case Boot.Kernel kernel -> new KernelStart(config, kernel, ports);
            case Boot.Firmware firmware -> new FirmwareStart(config, firmware, opened.orElseThrow(), ports, mmio);
        };
    }

    private AcpiConfig acpiConfig() {
        PciWindows windows = PciWindows.of(memory).around(pci.functions());
        PciWindows.Window high = windows.highMemory();
        boolean hasFwCfg =
                config.boot() instanceof Boot.Firmware || !config.fwCfg().isEmpty();
        return new AcpiConfig(
                config.cpus(), powerManagement.base(), windows.memory().start(), high.start(), high.size(), hasFwCfg);
    }

    private Uart16550 addUart(SerialSink output) {
        Uart16550 com1 = new Uart16550(isa.get(COM1_IRQ).input(), output);
        com1.attach(ports, Uart16550.COM1);
        // Whoever still feeds this life's UART must not wait for a guest that is gone.
        teardown.then(com1::hangUp);
        return com1;
    }

    private void addPlatform(RtcMemory battery, Consumer<MachineEnd> end) {
        ResetListener reset = cause -> end.accept(new MachineEnd.Reset(cause, true));
        List<GuestMemory.Region> ram = memory.regions();
        long high = ram.size() > 1 ? ram.get(1).size() : 0;
        Rtc rtc = new Rtc(
                InstantSource.system(),
                battery,
                ram.getFirst().size(),
                high,
                isa.get(Rtc.IRQ).input(),
                teardown.opened(new AlarmThread("rtc")));
        start.fill(rtc);
        rtc.attach(ports);
        new I8042(reset).attach(ports);
        new Port92(reset).attach(ports);
        new ResetPort(reset).attach(ports);
        if (config.debugExit()) {
            new DebugExit(status -> end.accept(new MachineEnd.DebugExit(status))).attach(ports);
        }
    }

    private PciBus addPci(HostBridge hostBridge) {
        PiixIsaBridge isaBridge =
                new PiixIsaBridge(isa.stream().map(SharedLine::input).toArray(IrqLine[]::new));
        PciBus bus = new PciBus(ports, mmio, memory, isaBridge);
        bus.add(0, 0, hostBridge);
        bus.add(1, 0, isaBridge);
        bus.add(1, 3, powerManagement);
        return bus;
    }

    private void addDevices() {
        for (ControllerConfig controller : config.controllers()) {
            devices.add(controller, config.disks());
        }
        for (DiskConfig disk : config.disks()) {
            if (disk.address() instanceof DiskAddress.Virtio(VirtioConfig virtio)) {
                devices.add(disk, virtio);
            }
        }
    }

    /** Told what becomes of devices in this life. */
    interface Changes {
        /** These devices have gone with their slot. On a thread that may wait. */
        void gone(List<String> ids);

        /** The guest does not let go of a slot. On a vCPU's thread. */
        void refused(int slot);

        /** The guest has evaluated _OST. On a vCPU's thread. */
        void reported(int slot, int source, int status);

        /** The tray of a drive has moved. Any thread, which must not be kept. */
        void trayMoved(String id, boolean open);
    }

    /** What happens to functions is told of devices. */
    private final class Functions implements Slots.Listener {
        private final Changes changes;

        Functions(Changes changes) {
            this.changes = changes;
        }

        @Override
        public void left(List<PciFunction> functions) {
            changes.gone(functions.stream().map(devices::retire).toList());
        }

        @Override
        public void refused(int slot) {
            changes.refused(slot);
        }

        @Override
        public void reported(int slot, int source, int status) {
            changes.reported(slot, source, status);
        }
    }

    /** The devices on the board. */
    Devices devices() {
        return devices;
    }

    /** The slots that devices come and go in. */
    Slots slots() {
        return slots;
    }

    /** The processors, where they begin. Call once. */
    List<VcpuThread> processors(Consumer<VcpuEnd> listener) {
        List<VcpuThread> threads = new ArrayList<>();
        for (int id = 0; id < config.cpus(); id++) {
            Vcpu vcpu = teardown.opened(machine.createVcpu(id));
            vcpu.setCpuid(cpuid.forVcpu(id, config.cpus(), tscDeadline));
            start.prepare(vcpu);
            threads.add(new VcpuThread(vcpu, ports, mmio, listener));
        }
        return threads;
    }

    /** The serial port that the console belongs to. */
    Uart16550 uart() {
        return uart;
    }

    /** Presses the power button. Any thread, as long as this is not closed. */
    void pressPowerButton() {
        powerManagement.pressPowerButton();
    }

    List<FunctionInfo> functions() {
        return pci.functions();
    }

    /** Gives everything back, after the vCPU threads have ended. */
    @Override
    public void close() {
        teardown.close();
    }
}
