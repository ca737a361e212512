package vmm.machine;

import java.util.List;
import vmm.virtio.RingFeatures;
import vmm.virtio.pci.VirtioTransport;

/**
 * What a virtio device is to the machine, whatever it does: a function on the PCI bus, some queues, and the threads
 * that serve them.
 *
 * @param address its place on the PCI bus
 * @param transport by which interfaces its driver can use it
 * @param queues how many request queues it offers, at least 1
 * @param iothreads which of the machine's I/O threads serve the queues, the first of them queue 0, the second queue 1,
 *     and round again; none if the device has a thread of its own
 * @param rings which features of its queues it offers
 */
public record VirtioConfig(
        PciAddress address, VirtioTransport transport, int queues, List<Integer> iothreads, RingFeatures rings) {
    public VirtioConfig {
        iothreads = List.copyOf(iothreads);
    }
}
