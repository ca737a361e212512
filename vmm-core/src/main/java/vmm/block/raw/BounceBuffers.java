package vmm.block.raw;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;

/**
 * The buffers through which a loop's requests go to a file with direct I/O when their own are not where it wants them:
 * a few, made when they are first needed. Requests wait their turn when all are in use.
 */
final class BounceBuffers {
    /** In bytes; longer requests go through a buffer piece by piece. */
    static final int SIZE = 128 << 10;

    private static final int COUNT = 8;

    /** No device asks for more. */
    private static final int ALIGNMENT = 4096;

    private final ArrayDeque<MemorySegment> free = new ArrayDeque<>(COUNT);
    private final ArrayDeque<BouncedTransfer> waiting = new ArrayDeque<>();
    private int made;

    /** Hands {@code transfer} a buffer, now or when there is one. */
    void give(BouncedTransfer transfer) {
        if (!free.isEmpty()) {
            transfer.begin(free.pop());
        } else if (made < COUNT) {
            made++;
            transfer.begin(Arena.ofAuto().allocate(SIZE, ALIGNMENT));
        } else {
            waiting.add(transfer);
        }
    }

    /** Takes a buffer back. */
    void takeBack(MemorySegment buffer) {
        BouncedTransfer next = waiting.poll();
        if (next == null) {
            free.push(buffer);
        } else {
            next.begin(buffer);
        }
    }
}
