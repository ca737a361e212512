/** The machine below the devices: Linux, KVM, guest memory, buses, interrupts, the event loop and disks. */
module vmm.core {
    requires com.sun.jna;
    requires jdk.jfr;
    requires org.slf4j;
    requires static transitive org.jspecify;

    exports vmm.block;
    exports vmm.bus;
    exports vmm.event;
    exports vmm.irq;
    exports vmm.kvm;
    exports vmm.linux;
    exports vmm.memory;
    exports vmm.platform;
}
