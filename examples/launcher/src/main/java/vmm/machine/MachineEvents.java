package vmm.machine;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells listeners what happens to a machine, one event at a time. Any thread. */
final class MachineEvents {
    private static final Logger log = LoggerFactory.getLogger(MachineEvents.class);

    private final List<Consumer<MachineEvent>> listeners = new CopyOnWriteArrayList<>();

    void listen(Consumer<MachineEvent> listener) {
        listeners.add(listener);
    }

    void unlisten(Consumer<MachineEvent> listener) {
        listeners.remove(listener);
    }

    /** Tells everybody. Who fails to listen keeps no other from it. */
    synchronized void tell(MachineEvent event) {
        for (Consumer<MachineEvent> listener : listeners) {
            try {
                listener.accept(event);
            } catch (RuntimeException defect) {
                log.error("Somebody could not be told of {}.", event, defect);
            }
        }
    }
}
