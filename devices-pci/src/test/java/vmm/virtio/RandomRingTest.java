package vmm.virtio;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import vmm.memory.GuestMemory;
import vmm.virtio.driver.MockDriver;
import vmm.virtio.driver.MockPackedQueue;
import vmm.virtio.driver.MockQueue;

/** A driver and a queue of either layout that take turns at random, beside a plain account of what each must see. */
class RandomRingTest {
    private static final long SEED = 20_260_215;
    private static final int LIVES = 300;
    private static final int TURNS = 600;
    private static final int MOST_BUFFERS = 5;
    private static final long TABLES = 0x40000;
    private static final long BUFFERS = 0x80000;

    private final GuestMemory memory = GuestMemory.detached(1 << 20);

    @ParameterizedTest
    @ValueSource(longs = {0, Features.RING_PACKED})
    void bothSidesSeeWhatTheOtherDid(long layout) {
        Random random = new Random(SEED);
        int completed = 0;
        for (int life = 0; life < LIVES; life++) {
            completed += new Life(random, layout).run();
        }
        assertTrue(completed > LIVES * TURNS / 20, "completed " + completed);
    }

    /** A request as the driver made it. */
    private record Request(int id, int readable, int writable, long first) {}

    /** A request that the device has taken. */
    private static final class Taken {
        private final Request request;
        private final int head;
        private final long written;
        private boolean ended;

        Taken(Request request, int head, long written) {
            this.request = request;
            this.head = head;
            this.written = written;
        }
    }

    private final class Life {
        private final Random random;
        private final boolean eventIdx;
        private final boolean inOrder;
        private final MockDriver driver;
        private final MockQueue guest;
        private final Virtqueue queue;
        private final DescriptorChain chain = new DescriptorChain(memory, MOST_BUFFERS);

        private final ArrayDeque<Request> offered = new ArrayDeque<>();
        private final ArrayDeque<Request> shown = new ArrayDeque<>();
        private final List<Taken> taken = new ArrayList<>();
        private final ArrayDeque<Taken> used = new ArrayDeque<>();

        /** The device has seen all there was when it asked to be rung. */
        private boolean ringWanted = true;

        private boolean silenced;
        private boolean interruptsWanted = true;
        private int collected;
        private int usedInAll;
        private int usedWhenNotified;
        private int completed;
        private int nextTable;

        Life(Random random, long layout) {
            this.random = random;
            long wanted = layout
                    | (random.nextBoolean() ? Features.RING_EVENT_IDX : 0)
                    | (random.nextBoolean() ? Features.IN_ORDER : 0)
                    | Features.RING_INDIRECT_DESC;
            driver = new MockDriver(memory, new IdleDevice(64));
            driver.negotiate(wanted);
            eventIdx = (wanted & Features.RING_EVENT_IDX) != 0;
            inOrder = (wanted & Features.IN_ORDER) != 0;
            int size = layout == 0 ? 1 << random.nextInt(7) : 1 + random.nextInt(64);
            guest = driver.addQueue(0, size);
            queue = Virtqueue.of(memory, guest.setup(), driver.features());
        }

        int run() {
            for (int turn = 0; turn < TURNS; turn++) {
                switch (random.nextInt(10)) {
                    case 0, 1, 2 -> offer();
                    case 3 -> kick();
                    case 4, 5 -> pop();
                    case 6 -> complete();
                    case 7 -> notifyDriver();
                    case 8 -> collect();
                    default -> changeWishes();
                }
                assertEquals(taken.size(), queue.inFlight());
                assertEquals(usedInAll & 0xffff, guest.used());
            }
            driver.close();
            return completed;
        }

        private void offer() {
            boolean indirect = random.nextInt(3) == 0;
            int most = Math.min(MOST_BUFFERS, indirect ? guest.size() : guest.free());
            if (guest.free() == 0 || most == 0) {
                return;
            }
            int buffers = 1 + random.nextInt(most);
            int readable = random.nextInt(buffers + 1);
            long first = BUFFERS + random.nextInt(1000) * 64L;
            for (int i = 0; i < buffers; i++) {
                if (i < readable) {
                    guest.readable(first + i, i + 1);
                } else {
                    guest.writable(first + i, i + 1);
                }
            }
            int id = indirect ? guest.offerIndirect(TABLES + 16L * MOST_BUFFERS * (nextTable++ % 128)) : guest.offer();
            offered.add(new Request(id, readable, buffers - readable, first));
        }

        private void kick() {
            boolean fresh = !offered.isEmpty();
            shown.addAll(offered);
            offered.clear();
            boolean rang = guest.kick();
            if (fresh && ringWanted) {
                assertTrue(rang, "a doorbell is missing");
            }
            if (silenced) {
                assertFalse(rang, "a doorbell too many");
            }
            // With EVENT_IDX it is for the next chain only.
            ringWanted &= !(eventIdx && fresh);
        }

        private void pop() {
            assertEquals(!shown.isEmpty(), queue.hasMore());
            if (shown.isEmpty()) {
                assertFalse(queue.pop(chain));
                return;
            }
            assertTrue(queue.pop(chain));
            Request request = shown.remove();
            assertEquals(request.readable, chain.readableCount());
            assertEquals(request.writable, chain.writableCount());
            for (int i = 0; i < chain.count(); i++) {
                assertEquals(request.first + i, chain.address(i));
                assertEquals(i + 1, chain.length(i));
            }
            long written = random.nextBoolean() ? 0 : random.nextInt();
            taken.add(new Taken(request, chain.head(), written & 0xffff_ffffL));
        }

        private void complete() {
            List<Taken> running = taken.stream().filter(one -> !one.ended).toList();
            if (running.isEmpty()) {
                return;
            }
            Taken chosen = running.get(random.nextInt(running.size()));
            queue.complete(chosen.head, chosen.written);
            chosen.ended = true;
            completed++;
            if (inOrder) {
                while (!taken.isEmpty() && taken.getFirst().ended) {
                    give(taken.removeFirst());
                }
            } else {
                taken.remove(chosen);
                give(chosen);
            }
        }

        private void give(Taken ended) {
            used.add(ended);
            usedInAll++;
        }

        private void notifyDriver() {
            int before = guest.interrupts();
            boolean told = queue.notifyDriver();
            assertEquals(told ? before + 1 : before, guest.interrupts());
            boolean expected = usedInAll != usedWhenNotified
                    && interruptsWanted
                    // With EVENT_IDX the driver wants to hear of the first that it has not collected.
                    && (!eventIdx || (usedWhenNotified <= collected && collected < usedInAll));
            assertEquals(expected, told);
            usedWhenNotified = usedInAll;
        }

        private void collect() {
            assertEquals(!used.isEmpty(), guest.collect());
            if (!used.isEmpty()) {
                Taken next = used.remove();
                assertEquals(next.request.id, guest.usedHead());
                assertEquals(next.written, guest.usedLength());
                collected++;
            }
        }

        private void changeWishes() {
            switch (random.nextInt(4)) {
                case 0 -> {
                    queue.disableNotifications();
                    ringWanted = false;
                    silenced = true;
                }
                case 1 -> {
                    assertEquals(!shown.isEmpty(), queue.enableNotifications());
                    silenced = false;
                    ringWanted = shown.isEmpty() || !eventIdx;
                }
                case 2 -> {
                    interruptsWanted = true;
                    guest.wantInterrupts(true);
                }
                default -> {
                    // With EVENT_IDX and split rings there is no such wish, only an index that is far away.
                    if (!eventIdx || guest instanceof MockPackedQueue) {
                        interruptsWanted = false;
                        guest.wantInterrupts(false);
                    }
                }
            }
        }
    }
}
