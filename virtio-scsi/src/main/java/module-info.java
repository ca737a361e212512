/** The SCSI target and the virtio SCSI host bus adapter that carries it. */
module vmm.virtio.scsi {
    requires transitive vmm.devices.pci;
    requires jdk.jfr;
    requires org.slf4j;
    requires static transitive org.jspecify;

    exports vmm.scsi;
    exports vmm.scsi.block;
    exports vmm.scsi.block.protection;
    exports vmm.scsi.copy;
    exports vmm.scsi.multimedia;
    exports vmm.scsi.primary;
    exports vmm.scsi.reservation;
    exports vmm.virtio.scsi;
}
