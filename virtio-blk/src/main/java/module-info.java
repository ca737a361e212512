/** The virtio block device. */
module vmm.virtio.blk {
    requires transitive vmm.devices.pci;
    requires jdk.jfr;
    requires org.slf4j;
    requires static transitive org.jspecify;

    exports vmm.virtio.blk;
}
