package vmm.virtio.pci;

import java.util.Map;
import java.util.TreeMap;
import vmm.bus.Doorbells;
import vmm.linux.EventFd;
import vmm.linux.HostException;

/** Doorbells that remember where they are. */
final class FakeDoorbells implements Doorbells {
    /** Those of the modern interface, by address. */
    final Map<Long, EventFd> connected = new TreeMap<>();

    /** Those of the legacy interface, by the value that rings them. */
    final Map<Long, EventFd> matched = new TreeMap<>();

    /** The port of the latest of those. */
    long port;

    int limit = Integer.MAX_VALUE;

    @Override
    public Doorbell connect(Space space, long address, int length, long match, EventFd bell) {
        boolean modern = space == Space.MMIO && length == 0 && match == ANY_VALUE;
        boolean legacy = space == Space.PORT && length == 2 && match >= 0;
        boolean full = connected.size() + matched.size() >= limit;
        if (full || !(modern || legacy)) {
            throw new HostException("No more doorbells.");
        }
        Map<Long, EventFd> place = modern ? connected : matched;
        long key = modern ? address : match;
        if (place.put(key, bell) != null) {
            throw new HostException("Two doorbells at one address.");
        }
        if (legacy) {
            port = address;
        }
        return () -> place.remove(key);
    }
}
