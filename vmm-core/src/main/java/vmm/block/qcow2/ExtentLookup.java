package vmm.block.qcow2;

import java.lang.foreign.Arena;
import org.jspecify.annotations.Nullable;
import vmm.block.BlockRequest;
import vmm.block.DiskSize;
import vmm.block.ExtentQuery;
import vmm.block.ExtentQuery.State;
import vmm.linux.IoVector;

/**
 * Looks up how an image keeps a stretch of the disk. A part of the mapping that is not in memory comes there with a
 * read of what it leads to.
 */
final class ExtentLookup extends BlockRequest {
    private final Qcow2Queue queue;
    private final Image image;
    private final ExtentQuery query;
    private final Extent extent = new Extent();
    private @Nullable Arena arena;

    ExtentLookup(Qcow2Queue queue, ExtentQuery query) {
        super(new IoVector(1));
        this.queue = queue;
        this.image = queue.image();
        this.query = query;
    }

    void run() {
        if (!image.map().find(query.offset(), query.length(), extent)) {
            load();
            return;
        }
        switch (extent.kind) {
            case DATA, COMPRESSED, INVALID -> query.answer(State.ALLOCATED, extent.length);
            case ZERO -> query.answer(State.DEALLOCATED, extent.length);
            case UNALLOCATED -> unallocated();
        }
    }

    /** The backing file's data is there to be read, whoever it belongs to. */
    private void unallocated() {
        long behind = queue.backing() == null ? 0 : image.backingSize() - query.offset();
        if (behind > 0) {
            query.answer(State.ALLOCATED, Math.min(extent.length, behind));
        } else {
            query.answer(State.DEALLOCATED, extent.length);
        }
    }

    private void load() {
        Arena memory = arena;
        if (memory == null) {
            memory = Arena.ofAuto();
            arena = memory;
            data().add(memory.allocate(DiskSize.SECTOR, DiskSize.SECTOR).address(), DiskSize.SECTOR);
        } else {
            data().rewind();
        }
        prepare(Operation.READ, query.offset());
        queue.submit(this);
    }

    @Override
    public void completed(int errno) {
        if (errno == 0) {
            run();
        } else {
            query.fail(errno);
        }
    }
}
