package vmm.virtio.pci;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
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

    /** Where the kernel listens for notifications. */
    enum Interface {
        /** An address for each queue, where any write counts (virtio 1.3 4.1.4.4). */
        MODERN,
        /** One port, where the value is the queue (virtio 1.3 4.1.4.10). */
        LEGACY
    }

    private final Doorbells doorbells;
    private final List<EventFd> bells;
    private final List<Doorbells.Doorbell> connected = new ArrayList<>();
    private final Map<Interface, Long> bases = new EnumMap<>(Interface.class);
    private @Nullable Interface used;

    /** Guarded by {@link #bells}. */
    private boolean closed;

    /** Doorbells of which none is connected. */
    QueueDoorbells(Doorbells doorbells, int queues) {
        this.doorbells = doorbells;
        this.bells = create(queues);
    }

    private static List<EventFd> create(int queues) {
        List<EventFd> created = new ArrayList<>();
        try {
            for (int i = 0; i < queues; i++) {
                created.add(EventFd.create());
            }
            return List.copyOf(created);
        } catch (RuntimeException failure) {
            created.forEach(EventFd::close);
            throw failure;
        }
    }

    EventFd bell(int queue) {
        return bells.get(queue);
    }

    /** The driver has notified a queue by an access. Any thread, with or without the lock. */
    void ring(int queue) {
        synchronized (bells) {
            if (!closed) {
                bells.get(queue).signal();
            }
        }
    }

    /** The registers of an interface are now at {@code base}, or {@link AddressDecoder#UNMAPPED}. */
    void move(Interface moved, long base) {
        bases.put(moved, base);
        if (moved == used) {
            disconnect();
            connect(moved);
        }
    }

    /** The device has started to look at its queues, whose driver notifies by {@code chosen}. */
    void start(Interface chosen) {
        used = chosen;
        connect(chosen);
    }

    /** The device looks at its queues no longer. */
    void stop() {
        used = null;
        disconnect();
    }

    private void connect(Interface chosen) {
        long base = bases.getOrDefault(chosen, AddressDecoder.UNMAPPED);
        if (base == AddressDecoder.UNMAPPED) {
            return;
        }
        try {
            for (int queue = 0; queue < bells.size(); queue++) {
                connected.add(
                        switch (chosen) {
                            case MODERN ->
                                doorbells.connect(
                                        Doorbells.Space.MMIO,
                                        base
                                                + ModernRegisters.NOTIFY
                                                + (long) queue * ModernRegisters.NOTIFY_MULTIPLIER,
                                        0,
                                        Doorbells.ANY_VALUE,
                                        bells.get(queue));
                            case LEGACY ->
                                doorbells.connect(
                                        Doorbells.Space.PORT,
                                        base + LegacyRegisters.QUEUE_NOTIFY,
                                        Short.BYTES,
                                        queue,
                                        bells.get(queue));
                        });
            }
        } catch (HostException e) {
            // Without a doorbell in the kernel each notification is an exit, and works.
            LOG.warn("Some queues are notified by exits: {}", e.getMessage());
        }
    }

    private void disconnect() {
        connected.forEach(Doorbells.Doorbell::close);
        connected.clear();
    }

    @Override
    public void close() {
        stop();
        synchronized (bells) {
            closed = true;
            bells.forEach(EventFd::close);
        }
    }
}
