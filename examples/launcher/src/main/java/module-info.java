/** The {@code vmm} command: describes a machine, puts it together and runs it. */
module vmm.examples.launcher {
    requires transitive vmm.core;
    requires vmm.devices.pci;
    requires info.picocli;
    requires org.slf4j;
    requires static transitive org.jspecify;

    exports vmm.machine;
}
