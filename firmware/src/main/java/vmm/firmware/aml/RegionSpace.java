package vmm.firmware.aml;

/** What an operation region is a part of (ACPI 6.5 20.2.5.2, RegionSpace). */
public enum RegionSpace {
    /** Guest physical addresses. */
    SYSTEM_MEMORY(0),
    /** Ports. */
    SYSTEM_IO(1),
    /** The configuration space of the PCI device whose scope the region is in. */
    PCI_CONFIG(2);

    final int code;

    RegionSpace(int code) {
        this.code = code;
    }
}
