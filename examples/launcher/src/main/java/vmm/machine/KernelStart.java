package vmm.machine;

import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import vmm.bus.Bus;
import vmm.firmware.KernelLoader;
import vmm.firmware.acpi.AcpiConfig;
import vmm.firmware.acpi.AcpiTables;
import vmm.firmware.boot.EntryState;
import vmm.firmware.fwcfg.FwCfg;
import vmm.firmware.fwcfg.Items;
import vmm.kvm.Vcpu;
import vmm.kvm.VirtualMachine;
import vmm.memory.GuestMemory;
import vmm.pci.PciBus;
import vmm.pci.PciResources;
import vmm.pci.PciWindows;
import vmm.pci.chipset.HostBridge;
import vmm.platform.Rtc;

/** A start without firmware: the VMM does what firmware would have done, and puts the kernel into memory. */
final class KernelStart implements Start {
    private final MachineConfig config;
    private final Boot.Kernel boot;
    private final Bus ports;
    private final UserItems userItems;
    private @Nullable EntryState entry;

    KernelStart(MachineConfig config, Boot.Kernel boot, Bus ports) {
        this.config = config;
        this.boot = boot;
        this.ports = ports;
        this.userItems = new UserItems(config.fwCfg());
    }

    /** All RAM is RAM from the beginning, as firmware leaves it. */
    @Override
    public HostBridge showMemory(VirtualMachine machine, GuestMemory memory) {
        machine.map(memory);
        return new HostBridge();
    }

    @Override
    public void fill(Rtc rtc) {
        // A kernel finds everything in the ACPI tables.
    }

    @Override
    public void load(PciBus bus, GuestMemory memory, Supplier<AcpiConfig> acpi) {
        new PciResources(PciWindows.of(memory)).assign(bus);
        if (!config.fwCfg().isEmpty()) {
            Items items = new Items();
            userItems.addTo(items);
            new FwCfg(memory, items).attach(ports);
        }
        long rsdp = AcpiTables.of(acpi.get()).install(memory);
        entry = KernelLoader.load(memory, boot.kernel(), boot.initrd(), boot.commandLine(), rsdp);
    }

    @Override
    public void prepare(Vcpu vcpu) {
        vcpu.enableCaching();
        if (vcpu.id() == 0) {
            BootProcessor.prepare(vcpu, Objects.requireNonNull(entry));
        }
    }

    @Override
    public void close() {
        userItems.close();
    }
}
