package vmm.block;

import java.util.Arrays;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Requests of one disk that wait for a limit, oldest first, from all its queues. Grows to as many as ever waited at
 * once; otherwise it allocates nothing. Guarded by its {@link ThrottleGroup}.
 */
final class Backlog {
    private @Nullable BlockRequest[] requests = new @Nullable BlockRequest[16];
    private ThrottledDisk.@Nullable Queue[] queues = new ThrottledDisk.@Nullable Queue[16];
    private long[] tickets = new long[16];
    private int first;
    private int size;

    boolean isEmpty() {
        return size == 0;
    }

    /**
     * Adds a request.
     *
     * @param queue where it goes when it may
     * @param ticket higher than that of any request that came before
     */
    void add(BlockRequest request, ThrottledDisk.Queue queue, long ticket) {
        if (size == requests.length) {
            grow();
        }
        put((first + size) & (requests.length - 1), request, queue, ticket);
        size++;
    }

    private void put(int at, @Nullable BlockRequest request, ThrottledDisk.@Nullable Queue queue, long ticket) {
        requests[at] = request;
        queues[at] = queue;
        tickets[at] = ticket;
    }

    private void grow() {
        int old = requests.length;
        requests = Arrays.copyOf(requests, 2 * old);
        queues = Arrays.copyOf(queues, 2 * old);
        tickets = Arrays.copyOf(tickets, 2 * old);
        // What had wrapped around goes behind the rest.
        for (int i = 0; i < first; i++) {
            put(old + i, requests[i], queues[i], tickets[i]);
            put(i, null, null, 0);
        }
    }

    /** The ticket of the oldest request. Not when empty. */
    long firstTicket() {
        return tickets[first];
    }

    /** The queue of the oldest request; null when empty. */
    ThrottledDisk.@Nullable Queue firstQueue() {
        return queues[first];
    }

    /** Lets {@code visitor} see the queue of each request. */
    void forEachQueue(Consumer<ThrottledDisk.Queue> visitor) {
        for (int i = 0; i < size; i++) {
            ThrottledDisk.Queue queue = queues[(first + i) & (requests.length - 1)];
            if (queue != null) {
                visitor.accept(queue);
            }
        }
    }

    /** Takes the oldest request; null when empty. */
    @Nullable
    BlockRequest poll() {
        BlockRequest request = requests[first];
        if (request != null) {
            put(first, null, null, 0);
            first = (first + 1) & (requests.length - 1);
            size--;
        }
        return request;
    }

    /** Takes the oldest request of {@code queue}, from among the others; null if there is none. */
    @Nullable
    BlockRequest poll(ThrottledDisk.Queue queue) {
        BlockRequest found = null;
        for (int i = size; i > 0; i--) {
            ThrottledDisk.Queue owner = queues[first];
            long ticket = tickets[first];
            BlockRequest request = poll();
            if (request == null || owner == null) {
                break;
            }
            if (found == null && owner.equals(queue)) {
                found = request;
            } else {
                add(request, owner, ticket);
            }
        }
        return found;
    }
}
