package vmm.firmware.acpi;

/**
 * What the ACPI tables say about one machine. Whatever is the same on every machine is a constant here, so that the
 * devices and the tables agree.
 *
 * @param cpus processors, 1 to {@value #MAX_CPUS}; their local APIC ids are 0 to {@code cpus - 1}
 * @param pmBase first port of the power management block: PM1a event registers, 4 bytes
 * @param pci32Start first address of the PCI memory window below 4 GiB, which lies above the RAM there; a multiple of
 *     4096
 * @param pci64Start first address of the PCI window above 4 GiB, which lies above all RAM; a multiple of 4096
 * @param pci64Size size of that window in bytes, 0 for none; a multiple of 4096
 * @param fwCfg true if the guest finds a fw_cfg device
 */
public record AcpiConfig(int cpus, int pmBase, long pci32Start, long pci64Start, long pci64Size, boolean fwCfg) {
    /** How many processors have an 8-bit local APIC id of their own; 255 is the broadcast address. */
    public static final int MAX_CPUS = 255;

    /** The general-purpose event of the slot registers. */
    public static final int SLOT_GPE = 1;

    /**
     * First port of the slot registers: what was inserted, what is to be ejected, eject, what can be ejected, what the
     * guest reports of a slot.
     */
    public static final int SLOT_PORT = 0xAE00;

    /** Where in a report of the guest's the slot is. */
    public static final int OST_SLOT_SHIFT = 24;

    /** Where in a report of the guest's the low byte of the source event is; below it are 16 bits of status code. */
    public static final int OST_SOURCE_SHIFT = 16;

    /** What SLP_TYP in PM1 control means S5, soft off. */
    public static final int SLEEP_TYPE_S5 = 0;

    /** The interrupt (ISA and IOAPIC pin) of the SCI: level-triggered, active high. */
    public static final int SCI_IRQ = 9;

    /** Port of the reset control register. */
    public static final int RESET_PORT = 0xCF9;

    /** What resets the machine when written to {@link #RESET_PORT}. */
    public static final int RESET_VALUE = 6;

    /** Where the local APICs are. */
    public static final long LOCAL_APIC_ADDRESS = 0xFEE0_0000L;

    /** Where the IOAPIC is. */
    public static final long IO_APIC_ADDRESS = 0xFEC0_0000L;

    /** Last address of the PCI memory window below 4 GiB. */
    public static final long PCI32_LAST = IO_APIC_ADDRESS - 1;

    /** Port of the PM1a control register, 2 bytes. */
    public int pm1aControl() {
        return pmBase + 4;
    }

    /** Port of the PM timer, 4 bytes. */
    public int pmTimer() {
        return pmBase + 8;
    }

    /** First port of the general-purpose events of block 0: 2 bytes of status, 2 bytes of enable bits. */
    public int gpe0() {
        return pmBase + 12;
    }

    /** Checks the ranges. */
    public AcpiConfig {
        if (cpus < 1 || cpus > MAX_CPUS) {
            throw new IllegalArgumentException(cpus + " processors are not 1 to " + MAX_CPUS + ".");
        }
        if (pci32Start > PCI32_LAST || pci32Start % 4096 != 0) {
            throw new IllegalArgumentException("The 32-bit PCI window is not made of pages below the IOAPIC.");
        }
        if (pci64Size < 0 || (pci64Start | pci64Size) % 4096 != 0) {
            throw new IllegalArgumentException("The 64-bit PCI window is not made of pages.");
        }
        if (pci64Size > 0 && (pci64Start < 1L << 32 || pci64Start + pci64Size < 0)) {
            throw new IllegalArgumentException("The 64-bit PCI window is not above 4 GiB.");
        }
    }
}
