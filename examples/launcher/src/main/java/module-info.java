/** The {@code vmm} command: describes a machine, puts it together and runs it. */
module vmm.examples.launcher {
    requires transitive vmm.core;
    requires transitive vmm.devices.pci;
    requires vmm.examples.guests;
    requires transitive vmm.firmware;
    requires vmm.lab;
    requires vmm.virtio.blk;
    requires transitive vmm.virtio.scsi;
    requires ch.qos.logback.classic;
    requires ch.qos.logback.core;
    requires info.picocli;
    requires java.xml;
    requires org.slf4j;
    requires static transitive org.jspecify;
    requires transitive tools.jackson.databind;

    exports vmm.control;
    exports vmm.domain;
    exports vmm.machine;
    exports vmm.monitor;

    opens vmm.launcher to
            info.picocli;

    provides ch.qos.logback.classic.spi.Configurator with
            vmm.launcher.LogConfigurator;
}
