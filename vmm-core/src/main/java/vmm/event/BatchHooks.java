package vmm.event;

import java.util.Arrays;

/** What runs at the end of each batch. A hook may add and remove hooks; one added while they run waits for the next. */
final class BatchHooks {
    private static final Runnable[] NONE = {};

    /** Replaced, never changed, so that a walk over it goes on undisturbed. */
    private Runnable[] hooks = NONE;

    private boolean changed;

    void add(Runnable hook) {
        changed = true;
        Runnable[] grown = Arrays.copyOf(hooks, hooks.length + 1);
        grown[hooks.length] = hook;
        hooks = grown;
    }

    void remove(Runnable hook) {
        changed = true;
        hooks = Arrays.stream(hooks).filter(other -> !other.equals(hook)).toArray(Runnable[]::new);
    }

    /** Runs the hooks that are there now, but not those that one before them takes away. */
    void run(Guard guard) {
        changed = false;
        for (Runnable hook : hooks) {
            if (!changed || Arrays.asList(hooks).contains(hook)) {
                guard.run(hook);
            }
        }
    }
}
