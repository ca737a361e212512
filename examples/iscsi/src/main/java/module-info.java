/** The SCSI target behind iSCSI: a front end for tests and for initiators of one's own, and libiscsi's test suite. */
module vmm.iscsi {
    requires info.picocli;
    requires org.slf4j;
    requires tools.jackson.databind;
    requires transitive vmm.core;
    requires vmm.lab;
    requires transitive vmm.virtio.scsi;
    requires static org.jspecify;

    exports vmm.iscsi;

    opens vmm.iscsi to
            info.picocli;
    opens vmm.iscsi.conformance to
            info.picocli;
}
