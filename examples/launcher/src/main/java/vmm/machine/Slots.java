package vmm.machine;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import vmm.bus.Bus;
import vmm.pci.PciBus;
import vmm.pci.PciFunction;
import vmm.pci.chipset.SlotEvents;
import vmm.pci.chipset.SlotRegisters;

/**
 * The slots of the PCI bus in one life of a machine: tells the guest what comes, asks it for what is to go, and sees to
 * the end of what it has let go of. Any thread.
 *
 * <p>The guest ejects a slot on a vCPU's thread, which takes the functions off the bus and no more. What then has to be
 * waited for is done by a thread of this class's own.
 */
final class Slots implements SlotEvents, AutoCloseable {
    /** The host bridge has slot 0, the ISA bridge and power management slot 1. */
    static final int FIRST = 2;

    /** For so long a request is not repeated: a guest that has heard of it is at work on it. */
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(5);

    // ACPI 6.5 6.3.5: the source event, and status codes of an ejection request
    private static final int EJECTION_REQUEST = 3;
    private static final int SUCCESS = 0;
    private static final int EJECTION_IN_PROGRESS = 0x84;

    private final PciBus pci;
    private final SlotRegisters registers;
    private final Listener listener;
    private final ExecutorService worker = Executors.newSingleThreadExecutor(
            Thread.ofPlatform().name("hot-plug").daemon().factory());

    /** The slots that the guest was asked to let go of, and when. Guarded by this. */
    private final Map<Integer, Long> requested = new HashMap<>();

    /** Told what the guest does. */
    interface Listener {
        /** These functions have left the bus. On the thread of the slots. */
        void left(List<PciFunction> functions);

        /** The guest does not let go of a slot that it was asked for. On a vCPU's thread. */
        void refused(int slot);

        /** The guest has evaluated _OST. On a vCPU's thread. */
        void reported(int slot, int source, int status);
    }

    /**
     * The slots of a bus.
     *
     * @param changed raises the event upon which a guest looks at the registers
     */
    Slots(PciBus pci, Bus ports, Runnable changed, Listener listener) {
        this.pci = pci;
        this.listener = listener;
        registers = new SlotRegisters(this, changed);
        registers.attach(ports);
        for (int slot = FIRST; slot < PciBus.SLOTS; slot++) {
            registers.setRemovable(slot, true);
        }
    }

    /** A function has been put into a slot: the guest is told, if it can find the function. */
    void plugged(int slot) {
        if (pci.isExposed(slot)) {
            registers.insert(slot);
        }
    }

    /** True if the guest was asked for a slot a short time ago and has not answered. */
    synchronized boolean isAsked(int slot) {
        Long when = requested.get(slot);
        return when != null && System.nanoTime() - when < PATIENCE_NANOS;
    }

    /**
     * Takes the functions of a slot away: at once if the guest cannot have found them, else it is asked to let go of
     * them.
     */
    void unplug(int slot) {
        if (!pci.isExposed(slot)) {
            ejected(slot);
            return;
        }
        synchronized (this) {
            requested.put(slot, System.nanoTime());
        }
        registers.requestEjection(slot);
    }

    /** The slots that the guest was asked for and has not let go of. */
    synchronized Set<Integer> requested() {
        return Set.copyOf(requested.keySet());
    }

    @Override
    public void ejected(int slot) {
        List<PciFunction> gone = pci.remove(slot);
        synchronized (this) {
            requested.remove(slot);
        }
        if (!gone.isEmpty()) {
            worker.execute(() -> listener.left(gone));
        }
    }

    @Override
    public void reported(int slot, int source, int status) {
        listener.reported(slot, source, status);
        if (source != EJECTION_REQUEST || status == SUCCESS || status == EJECTION_IN_PROGRESS) {
            return;
        }
        boolean asked;
        synchronized (this) {
            asked = requested.remove(slot) != null;
        }
        if (asked) {
            listener.refused(slot);
        }
    }

    /** Waits until all that has left the bus is gone. After the vCPUs have ended. */
    @Override
    public void close() {
        worker.close();
    }
}
