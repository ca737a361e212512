package vmm.machine;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vmm.bus.Bus;
import vmm.firmware.acpi.AcpiConfig;
import vmm.firmware.acpi.AcpiTables;
import vmm.firmware.bios.Firmware;
import vmm.firmware.bios.FirmwareConfig;
import vmm.firmware.bios.FirmwareItems;
import vmm.firmware.boot.BootFile;
import vmm.firmware.fwcfg.FwCfg;
import vmm.firmware.fwcfg.Items;
import vmm.firmware.linux.KernelItems;
import vmm.firmware.smbios.SmbiosTables;
import vmm.kvm.Vcpu;
import vmm.kvm.VirtualMachine;
import vmm.memory.GuestMemory;
import vmm.memory.MemorySlots.Access;
import vmm.pci.PciBus;
import vmm.pci.chipset.HostBridge;
import vmm.pci.chipset.ShadowMemory;
import vmm.platform.DebugConsole;
import vmm.platform.NorFlash;
import vmm.platform.Rtc;
import vmm.platform.Uart16550;

/** A start by firmware: the processors begin in ROM, and everything else is left to it. */
final class FirmwareStart implements Start {
    /** What firmware says of itself. */
    private static final Logger log = LoggerFactory.getLogger("firmware");

    /** The byte of the clock's memory that has the number of processors less one. */
    private static final int CMOS_CPUS = 0x5f;

    /** The kinds of device to start from, four bits each: the first and second, and the third in the upper half. */
    private static final int CMOS_BOOT_ORDER = 0x3d;

    private static final int CMOS_BOOT_ORDER_MORE = 0x38;

    private final MachineConfig config;
    private final Boot.Firmware boot;
    private final Firmware firmware;
    private final Bus ports;
    private final Bus mmio;
    private final Teardown teardown = new Teardown();
    private final UserItems userItems;
    private final Optional<BootFile> kernel;
    private final Optional<BootFile> initrd;

    FirmwareStart(MachineConfig config, Boot.Firmware boot, Firmware firmware, Bus ports, Bus mmio) {
        this.config = config;
        this.boot = boot;
        this.firmware = firmware;
        this.ports = ports;
        this.mmio = mmio;
        try {
            userItems = teardown.opened(new UserItems(config.fwCfg()));
            kernel = boot.kernel().map(wanted -> teardown.opened(BootFile.open("kernel", wanted.kernel())));
            initrd = boot.kernel()
                    .flatMap(Boot.Kernel::initrd)
                    .map(file -> teardown.opened(BootFile.open("initrd", file)));
        } catch (Throwable failure) {
            teardown.close();
            throw failure;
        }
    }

    @Override
    public HostBridge showMemory(VirtualMachine machine, GuestMemory memory) {
        machine.map(firmware.rom().start(), firmware.rom().bytes(), Access.READ_ONLY);
        firmware.variables()
                .ifPresent(variables -> new NorFlash(machine, firmware.variablesStart(), variables).attach(mmio));
        ShadowMemory shadow = new ShadowMemory(machine, memory, firmware.rom().legacyBytes());
        for (GuestMemory.Region region : memory.regions()) {
            long end = region.start() + region.size();
            if (region.start() == 0) {
                show(machine, memory, 0, ShadowMemory.START);
                show(machine, memory, ShadowMemory.END, end);
            } else {
                show(machine, memory, region.start(), end);
            }
        }
        return new HostBridge(shadow);
    }

    private static void show(VirtualMachine machine, GuestMemory memory, long start, long end) {
        machine.map(start, memory.slice(start, end - start), Access.READ_WRITE);
    }

    @Override
    public void fill(Rtc rtc) {
        rtc.setMemory(CMOS_CPUS, config.cpus() - 1);
        List<Integer> order = boot.options()
                .order()
                .chars()
                .mapToObj(letter -> BootOptions.LETTERS.indexOf(letter) + 1)
                .toList();
        rtc.setMemory(CMOS_BOOT_ORDER, number(order, 0) | number(order, 1) << 4);
        rtc.setMemory(CMOS_BOOT_ORDER_MORE, number(order, 2) << 4);
    }

    private static int number(List<Integer> order, int index) {
        return index < order.size() ? order.get(index) : 0;
    }

    @Override
    public void load(PciBus bus, GuestMemory memory, Supplier<AcpiConfig> acpi) {
        Items items = new Items();
        userItems.addTo(items);
        FirmwareItems.addTo(items, firmwareConfig(), memory);
        AcpiTables.addTo(items, acpi);
        new SmbiosTables(boot.identity(), config.cpus(), memory, boot.entryPoint()).addTo(items);
        kernel.ifPresent(file -> KernelItems.addTo(
                items, memory, file, initrd, boot.kernel().orElseThrow().commandLine()));
        new FwCfg(memory, items).attach(ports);
        if (log.isDebugEnabled()) {
            new DebugConsole(line -> log.debug("{}", line)).attach(ports);
        }
    }

    private FirmwareConfig firmwareConfig() {
        BootOptions options = boot.options();
        boolean hasConsole = !(config.serial() instanceof SerialConfig.None);
        return new FirmwareConfig(
                config.cpus(),
                bootOrder(),
                options.strict(),
                options.menu(),
                options.menuMillis(),
                hasConsole ? OptionalInt.of(Uart16550.COM1) : OptionalInt.empty());
    }

    private List<String> bootOrder() {
        List<String> paths = new ArrayList<>(BootOrder.paths(config, boot.options()));
        if (kernel.isPresent()) {
            paths.addFirst(KernelItems.BOOT_PATH);
        }
        return paths;
    }

    @Override
    public void prepare(Vcpu vcpu) {
        // The first processor begins at its reset vector, in ROM; the others wait until it wakes them.
    }

    @Override
    public void close() {
        teardown.close();
    }
}
