/** ACPI tables, the fw_cfg device, and the boot protocols of Linux and PVH. */
module vmm.firmware {
    requires transitive vmm.core;
    requires org.slf4j;
    requires static transitive org.jspecify;

    exports vmm.firmware;
    exports vmm.firmware.acpi;
    exports vmm.firmware.aml;
    exports vmm.firmware.bios;
    exports vmm.firmware.boot;
    exports vmm.firmware.fwcfg;
    exports vmm.firmware.linux;
    exports vmm.firmware.multiboot;
    exports vmm.firmware.pvh;
    exports vmm.firmware.smbios;
}
