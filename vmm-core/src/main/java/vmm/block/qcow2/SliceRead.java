package vmm.block.qcow2;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import vmm.block.BlockRequest;
import vmm.linux.Errno;
import vmm.linux.IoVector;

/** The I/O of a {@link SliceLoad}. Belongs to a queue, which uses it again. */
final class SliceRead extends BlockRequest {
    private final Qcow2Queue queue;
    private MemorySegment buffer = MemorySegment.NULL;
    private @Nullable SliceLoad load;

    SliceRead(Qcow2Queue queue) {
        super(new IoVector(1));
        this.queue = queue;
    }

    void start(SliceLoad load) {
        this.load = load;
        long size = 8L * load.slice.size();
        buffer = queue.grow(buffer, size);
        // The last table of a file need not have all its bytes in it.
        long there = Math.clamp(queue.image().file().size() - load.offset, 0, size);
        buffer.asSlice(there, size - there).fill((byte) 0);
        data().clear();
        data().add(buffer.address(), there);
        prepare(Operation.READ, load.offset);
        if (there == 0) {
            completed(Errno.EIO);
        } else {
            queue.file().submit(this);
        }
    }

    @Override
    public void completed(int errno) {
        SliceLoad done = load;
        if (done == null) {
            throw new IllegalStateException("A slice was read twice.");
        }
        load = null;
        if (errno == 0) {
            done.slice.decode(buffer);
        }
        queue.free(this);
        queue.image().loaded(done, errno, queue);
    }
}
