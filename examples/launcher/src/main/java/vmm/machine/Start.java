package vmm.machine;

import java.util.function.Supplier;
import vmm.firmware.acpi.AcpiConfig;
import vmm.kvm.Vcpu;
import vmm.kvm.VirtualMachine;
import vmm.memory.GuestMemory;
import vmm.pci.PciBus;
import vmm.pci.chipset.HostBridge;
import vmm.platform.Rtc;

/**
 * How a board comes from power-on to the first instruction that is not its own: what differs between a machine with
 * firmware and one without. A board calls the methods in this order.
 */
sealed interface Start extends AutoCloseable permits FirmwareStart, KernelStart {
    /** Lets the guest see memory, and makes the bridge that governs it. */
    HostBridge showMemory(VirtualMachine machine, GuestMemory memory);

    /** Fills the memory of the clock. */
    void fill(Rtc rtc);

    /**
     * Everything is on its bus: what firmware or a kernel finds there is complete.
     *
     * @param acpi what the ACPI tables have to say, by where things are at the moment; any thread may ask
     * @throws vmm.linux.HostException if a file cannot be read or does not fit
     */
    void load(PciBus bus, GuestMemory memory, Supplier<AcpiConfig> acpi);

    /** Brings a processor to where it begins. */
    void prepare(Vcpu vcpu);

    /** Gives everything back, after the virtual machine. */
    @Override
    void close();
}
