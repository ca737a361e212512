package vmm.scsi;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Memory for commands that need a buffer of their own, shared by all tasks of the process and bounded. Any thread may
 * call; READ and WRITE never do.
 */
final class ScratchPool {
    /** The size of each buffer in bytes. */
    static final int BUFFER_BYTES = 256 << 10;

    /** The most buffers there are at once, 16 MiB together. */
    private static final int MOST_BUFFERS = 64;

    private static final int ALIGNMENT = 4096;

    private static final ScratchPool SHARED = new ScratchPool();

    private final ArrayDeque<MemorySegment> free = new ArrayDeque<>();
    private int made;

    private ScratchPool() {}

    static ScratchPool shared() {
        return SHARED;
    }

    /** A buffer with anything in it, or null if all are in use. */
    synchronized @Nullable MemorySegment take() {
        MemorySegment known = free.poll();
        if (known == null && made < MOST_BUFFERS) {
            made++;
            known = Arena.global().allocate(BUFFER_BYTES, ALIGNMENT);
        }
        return known;
    }

    synchronized void give(MemorySegment buffer) {
        free.push(buffer);
    }
}
