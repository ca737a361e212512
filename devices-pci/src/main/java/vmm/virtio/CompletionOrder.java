package vmm.virtio;

import java.util.Arrays;

/**
 * Keeps chains in the order in which they were made available and holds those back that end before an earlier one
 * (virtio 1.3 6, VIRTIO_F_IN_ORDER). A ring of as many places as there can be chains in flight.
 */
final class CompletionOrder {
    private static final long PENDING = -1;

    private final int[] handles;

    /** What was written to each chain that has ended, or {@link #PENDING}. */
    private final long[] written;

    private int first;
    private int count;

    /** Room for {@code size} chains. */
    CompletionOrder(int size) {
        handles = new int[size];
        written = new long[size];
        Arrays.fill(written, PENDING);
    }

    /** Takes a chain in after all others, of which there are fewer than the ring has places; its place. */
    int enter(int handle) {
        int place = first + count < handles.length ? first + count : first + count - handles.length;
        handles[place] = handle;
        count++;
        return place;
    }

    /**
     * A chain has ended.
     *
     * @throws IllegalStateException if there is none at {@code place}, or it had ended before
     */
    void end(int place, long bytes) {
        int distance = place >= first ? place - first : place - first + handles.length;
        if (place < 0 || place >= handles.length || distance >= count || written[place] != PENDING) {
            throw new IllegalStateException("No chain is in flight at place " + place + ".");
        }
        written[place] = bytes;
    }

    /** True if the earliest chain has ended, so that it can be given back. */
    boolean hasNext() {
        return count != 0 && written[first] != PENDING;
    }

    /** The handle of the earliest chain. */
    int handle() {
        return handles[first];
    }

    /** How many bytes were written to the earliest chain. */
    long written() {
        return written[first];
    }

    /** Forgets the earliest chain. */
    void remove() {
        written[first] = PENDING;
        first = first + 1 == handles.length ? 0 : first + 1;
        count--;
    }
}
