/** Benchmarks of the parts that every request goes through. */
module vmm.examples.bench {
    requires jmh.core;
    requires vmm.core;
    requires vmm.devices.pci;
    requires vmm.virtio.blk;
    requires static org.jspecify;
}
