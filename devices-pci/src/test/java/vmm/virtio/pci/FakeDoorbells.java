package vmm.virtio.pci;

import java.util.Map;
import java.util.TreeMap;
import vmm.bus.Doorbells;
import vmm.linux.EventFd;
import vmm.linux.HostException;

/** Doorbells that remember where they are. */
final class FakeDoorbells implements Doorbells {
    final Map<Long, EventFd> connected = new TreeMap<>();
    int limit = Integer.MAX_VALUE;

    @Override
    public Doorbell connect(Space space, long address, int length, long match, EventFd bell) {
        if (space != Space.MMIO || length != 0 || connected.size() >= limit) {
            throw new HostException("No more doorbells.");
        }
        if (connected.put(address, bell) != null) {
            throw new HostException("Two doorbells at one address.");
        }
        return () -> connected.remove(address);
    }
}
