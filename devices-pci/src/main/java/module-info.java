/** The PCI bus, its chipset, and virtio on top of it. */
module vmm.devices.pci {
    requires transitive vmm.core;
    requires jdk.jfr;
    requires org.slf4j;
    requires static transitive org.jspecify;

    exports vmm.pci;
    exports vmm.pci.chipset;
    exports vmm.virtio;
    exports vmm.virtio.driver;
    exports vmm.virtio.pci;
}
