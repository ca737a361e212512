package vmm.virtio.pci;

import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vmm.bus.Doorbells;
import vmm.linux.EventFd;
import vmm.linux.HostException;
import vmm.pci.AddressDecoder;

/**
 * One eventfd per queue, which the kernel signals itself when the guest notifies, as long as the device runs and its
 * registers are mapped. A notification that still arrives as an access signals the same eventfd. Under the lock of the
 * transport.
 */
final class QueueDoorbells implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(QueueDoorbells.class);

    private final Doorbells doorbells;
    private final List<EventFd> bells;
    private final List<Doorbells.Doorbell> connected = new ArrayList<>();
    private final long firstOffset;
    private final int stride;
    private long base = AddressDecoder.UNMAPPED;
    private boolean running;

    /**
     * Doorbells of which none is connected.
     *
     * @param firstOffset where in the registers queue 0 is notified
     * @param stride bytes from one queue's notify address to the next one's
     */
    QueueDoorbells(Doorbells doorbells, int queues, long firstOffset, int stride) {
        this.doorbells = doorbells;
        this.firstOffset = firstOffset;
        this.stride = stride;
        List<EventFd> created = new ArrayList<>();
        for (int i = 0; i < queues; i++) {
            created.add(EventFd.create());
        }
        bells = List.copyOf(created);
    }

    EventFd bell(int queue) {
        return bells.get(queue);
    }

    /** The registers are now at {@code newBase}, or {@link AddressDecoder#UNMAPPED}. */
    void move(long newBase) {
        base = newBase;
        follow();
    }

    /** The device has started or stopped looking at its queues. */
    void setRunning(boolean value) {
        running = value;
        follow();
    }

    private void follow() {
        connected.forEach(Doorbells.Doorbell::close);
        connected.clear();
        if (!running || base == AddressDecoder.UNMAPPED) {
            return;
        }
        try {
            for (int queue = 0; queue < bells.size(); queue++) {
                long address = base + firstOffset + (long) queue * stride;
                connected.add(
                        doorbells.connect(Doorbells.Space.MMIO, address, 0, Doorbells.ANY_VALUE, bells.get(queue)));
            }
        } catch (HostException e) {
            // Without a doorbell in the kernel each notification is an exit, and works.
            LOG.warn("Some queues are notified by exits: {}", e.getMessage());
        }
    }

    @Override
    public void close() {
        setRunning(false);
        bells.forEach(EventFd::close);
    }
}
