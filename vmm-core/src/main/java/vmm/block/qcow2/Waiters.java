package vmm.block.qcow2;

import org.jspecify.annotations.Nullable;

/** Operations that wait, in the order in which they came. One thread at a time. */
final class Waiters {
    private @Nullable Waiter first;
    private @Nullable Waiter last;

    boolean isEmpty() {
        return first == null;
    }

    void add(Waiter waiter) {
        if (last == null) {
            first = waiter;
        } else {
            last.next = waiter;
        }
        last = waiter;
    }

    @Nullable
    Waiter poll() {
        Waiter waiter = first;
        if (waiter != null) {
            first = waiter.next;
            waiter.next = null;
            if (first == null) {
                last = null;
            }
        }
        return waiter;
    }

    /** Moves all waiters to {@code woken}, where they find {@code errno}. */
    void wake(Waiters woken, int errno) {
        for (Waiter waiter = poll(); waiter != null; waiter = poll()) {
            waiter.settle(errno);
            woken.add(waiter);
        }
    }
}
