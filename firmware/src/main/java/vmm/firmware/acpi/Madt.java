package vmm.firmware.acpi;

/** The Multiple APIC Description Table (ACPI 6.5 5.2.12): processors, the IOAPIC and where ISA interrupts reach it. */
final class Madt {
    private static final int REVISION = 3;

    /** Flag of the table: two 8259 are there as well. */
    private static final int PCAT_COMPAT = 1;

    private static final int LOCAL_APIC = 0;
    private static final int IO_APIC = 1;
    private static final int INTERRUPT_SOURCE_OVERRIDE = 2;
    private static final int LOCAL_APIC_NMI = 4;

    private static final int ENABLED = 1;
    private static final int ISA_BUS = 0;
    private static final int ALL_PROCESSORS = 0xff;

    /** MPS INTI flags (table 5.26): polarity and trigger mode of the bus, or active high and level. */
    private static final int AS_THE_BUS = 0;

    private static final int LEVEL_ACTIVE_HIGH = 0xd;

    private Madt() {}

    static byte[] table(int cpus) {
        SystemTable table = new SystemTable("APIC", REVISION)
                .u32(AcpiConfig.LOCAL_APIC_ADDRESS)
                .u32(PCAT_COMPAT);
        for (int cpu = 0; cpu < cpus; cpu++) {
            table.u8(LOCAL_APIC).u8(8).u8(cpu).u8(cpu).u32(ENABLED);
        }
        table.u8(IO_APIC).u8(12).u8(0).u8(0).u32(AcpiConfig.IO_APIC_ADDRESS).u32(0);
        override(table, 0, 2, AS_THE_BUS); // the PIT is on pin 2
        for (int irq : Dsdt.PCI_IRQS) {
            override(table, irq, irq, LEVEL_ACTIVE_HIGH);
        }
        override(table, AcpiConfig.SCI_IRQ, AcpiConfig.SCI_IRQ, LEVEL_ACTIVE_HIGH);
        table.u8(LOCAL_APIC_NMI).u8(6).u8(ALL_PROCESSORS).u16(AS_THE_BUS).u8(1); // on LINT1
        return table.toByteArray();
    }

    private static void override(SystemTable table, int irq, int interrupt, int flags) {
        table.u8(INTERRUPT_SOURCE_OVERRIDE)
                .u8(10)
                .u8(ISA_BUS)
                .u8(irq)
                .u32(interrupt)
                .u16(flags);
    }
}
