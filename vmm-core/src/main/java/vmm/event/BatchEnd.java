package vmm.event;

import java.util.Arrays;

/** What is to run once, at the end of an iteration. What is added meanwhile waits for the next. */
final class BatchEnd {
    private Runnable[] messages = new Runnable[8];
    private Runnable[] running = new Runnable[8];
    private int count;

    boolean isEmpty() {
        return count == 0;
    }

    void add(Runnable message) {
        if (count == messages.length) {
            messages = Arrays.copyOf(messages, 2 * count);
        }
        messages[count++] = message;
    }

    /**
     * Runs all that are there now.
     *
     * @return true if there were any
     */
    boolean run(Guard guard) {
        Runnable[] batch = messages;
        int size = count;
        messages = running;
        running = batch;
        count = 0;
        for (int i = 0; i < size; i++) {
            guard.run(batch[i]);
        }
        return size > 0;
    }
}
