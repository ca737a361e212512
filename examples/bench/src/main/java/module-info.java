/** Benchmarks of the parts that every request goes through, and of the whole beside another VMM. */
module vmm.examples.bench {
    requires info.picocli;
    requires jmh.core;
    requires tools.jackson.databind;
    requires vmm.core;
    requires vmm.devices.pci;
    requires vmm.examples.guests;
    requires vmm.examples.launcher;
    requires vmm.lab;
    requires vmm.virtio.blk;
    requires vmm.virtio.scsi;
    requires static org.jspecify;
}
