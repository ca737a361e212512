package vmm.pci.chipset;

import java.util.function.LongSupplier;
import vmm.irq.IrqLine;
import vmm.pci.AddressDecoder;
import vmm.pci.ConfigSpace;
import vmm.pci.PciFunction;
import vmm.pci.PciIdentity;

/** The 82371AB (PIIX4) power management function, at 01.3, which places the ACPI registers in I/O space. */
public final class PiixPowerManagement extends PciFunction {
    /** Where a machine without firmware has the ACPI registers. */
    public static final int DEFAULT_PM_BASE = 0x600;

    /** The ISA interrupt that the system control interrupt is wired to. */
    public static final int SCI_IRQ = 9;

    private static final PciIdentity IDENTITY = new PciIdentity(
            "PIIX4 power management",
            Intel.VENDOR_ID,
            0x7113,
            3,
            0x06_80_00,
            Intel.SUBSYSTEM_VENDOR_ID,
            Intel.SUBSYSTEM_ID);

    /** Power Management Base Address; bit 0 always says that it is in I/O space. */
    private static final int PMBA = 0x40;

    private static final int PMBA_ADDRESS = 0xffc0;

    /** Miscellaneous Power Management; bit 0 enables the registers that PMBA places. */
    private static final int PMREGMISC = 0x80;

    private static final int PMREGMISC_ENABLE = 1;

    /** The byte of Device Activity B that has APMC_EN. */
    private static final int DEVACTB_APMC = 0x5b;

    /** Writes to the APM control port raise an SMI. Firmware takes this for a sign that SMM is set up already. */
    private static final int APMC_ENABLE = 2;

    private final PmRegisters registers;

    /** What {@link #base} returns: written under the lock of the bus, read by any thread. */
    private volatile int base = DEFAULT_PM_BASE;

    /**
     * A power management function.
     *
     * @param sci the system control interrupt, interrupt {@value #SCI_IRQ}
     * @param powerEvents told when the guest powers off
     */
    public PiixPowerManagement(IrqLine sci, PowerEvents powerEvents) {
        this(sci, powerEvents, System::nanoTime);
    }

    /** As above, with a clock of nanoseconds that never goes back. */
    PiixPowerManagement(IrqLine sci, PowerEvents powerEvents, LongSupplier nanoClock) {
        super(IDENTITY);
        registers = new PmRegisters(sci, powerEvents, nanoClock);
        config().define(ConfigSpace.COMMAND, 2, 0, ConfigSpace.COMMAND_IO);
        config().define(ConfigSpace.STATUS, 2, 0x80 | Intel.MEDIUM_DECODE, 0);
        // The function has a pin for its legacy interrupts; as the specification wires it, its line is always 9.
        config().define(ConfigSpace.INTERRUPT_LINE, 1, SCI_IRQ, 0);
        config().define(ConfigSpace.INTERRUPT_PIN, 1, 1, 0);
        config().define(PMBA, 4, 1, PMBA_ADDRESS);
        config().define(PMREGMISC, 1, 0, PMREGMISC_ENABLE);
        // This machine has no SMM, and firmware that tried to set it up would wait for ever.
        config().define(DEVACTB_APMC, 1, APMC_ENABLE, 0);
        addDecoder(new PmBase());
    }

    /** Presses the power button, which asks the guest to shut down in order. Any thread may call. */
    public void pressPowerButton() {
        registers.pressPowerButton();
    }

    /**
     * Tells the guest that something has happened that is none of the fixed events. Any thread may call.
     *
     * @param event 0 to 15; what it means its ACPI tables say, in the method {@code \_GPE._Exx}
     */
    public void raiseGpe(int event) {
        registers.raiseGpe(event);
    }

    /** Where the ACPI registers are, or will be unless firmware puts them elsewhere. Any thread may call. */
    public int base() {
        return base;
    }

    @Override
    protected void configWritten(int offset, int size) {
        int placed = config().read(PMBA, 4) & PMBA_ADDRESS;
        base = placed == 0 ? DEFAULT_PM_BASE : placed;
    }

    @Override
    protected void onReset() {
        base = DEFAULT_PM_BASE;
        registers.reset();
    }

    @Override
    protected void configureWithoutFirmware() {
        config().set(PMBA, 4, DEFAULT_PM_BASE | 1);
        config().set(PMREGMISC, 1, PMREGMISC_ENABLE);
    }

    private final class PmBase extends AddressDecoder {
        PmBase() {
            super(Space.IO, PmRegisters.SIZE, "ACPI power management", registers);
        }

        @Override
        protected long wanted() {
            boolean enabled = (config().read(PMREGMISC, 1) & PMREGMISC_ENABLE) != 0;
            return enabled ? config().read(PMBA, 4) & PMBA_ADDRESS : UNMAPPED;
        }
    }
}
