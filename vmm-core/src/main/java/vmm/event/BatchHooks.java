package vmm.event;

import java.util.ArrayList;
import java.util.List;

/** What runs at the end of each batch. A hook may add and remove hooks; one added while they run waits for the next. */
final class BatchHooks {
    private List<Runnable> hooks = new ArrayList<>();
    private boolean running;

    void add(Runnable hook) {
        own().add(hook);
    }

    void remove(Runnable hook) {
        own().remove(hook);
    }

    /** The list to change: a copy while the old one is being walked. */
    private List<Runnable> own() {
        if (running) {
            hooks = new ArrayList<>(hooks);
        }
        return hooks;
    }

    /** Runs the hooks that are there now, unless one before them takes them away. */
    void run(Guard guard) {
        List<Runnable> now = hooks;
        running = true;
        try {
            for (int i = 0; i < now.size(); i++) {
                Runnable hook = now.get(i);
                if (now == hooks || hooks.contains(hook)) {
                    guard.run(hook);
                }
            }
        } finally {
            running = false;
        }
    }
}
