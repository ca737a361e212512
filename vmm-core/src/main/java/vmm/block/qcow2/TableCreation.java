package vmm.block.qcow2;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import vmm.block.BlockRequest;
import vmm.linux.IoVector;

/**
 * A new table of the image on its way: its clusters are filled in the file, with zeros or with what another table has,
 * before anything leads there.
 */
final class TableCreation extends BlockRequest implements Deferred {
    /** What is created. */
    enum Kind {
        L2_TABLE,
        REFCOUNT_BLOCK,
        REFCOUNT_TABLE,
        L1_TABLE
    }

    final Kind kind;

    /** The entry of the table above that will lead there. */
    final int table;

    /** The first of its clusters. */
    final long cluster;

    final int clusters;

    /** Where in the file its content is now; 0 if it is to be zeros. */
    final long source;

    private final boolean untouched;
    final Waiters waiters = new Waiters();
    private @Nullable Qcow2Queue queue;
    private MemorySegment copy = MemorySegment.NULL;

    TableCreation(Kind kind, int table, long cluster, int clusters, long source, boolean untouched) {
        super(new IoVector(16));
        this.kind = kind;
        this.table = table;
        this.cluster = cluster;
        this.clusters = clusters;
        this.source = source;
        this.untouched = untouched;
    }

    @Override
    public void start(Qcow2Queue queue) {
        this.queue = queue;
        long size = (long) clusters << queue.image().geometry().clusterBits;
        if (source != 0) {
            copy = Arena.ofAuto().allocate(size, 4096);
            // The file need not have all of its last table.
            data().add(copy.address(), Math.min(size, queue.image().file().size() - source));
            prepare(Operation.READ, source);
            queue.file().submit(this);
        } else if (untouched) {
            queue.image().created(this, 0, queue);
        } else {
            Zeros.addTo(data(), size);
            write(queue);
        }
    }

    private void write(Qcow2Queue queue) {
        prepare(Operation.WRITE, cluster << queue.image().geometry().clusterBits);
        queue.file().submit(this);
    }

    @Override
    public void completed(int errno) {
        Qcow2Queue current = queue;
        if (current == null) {
            throw new IllegalStateException("A table was created before it was asked for.");
        }
        if (errno == 0 && operation() == Operation.READ) {
            data().clear();
            data().add(copy.address(), copy.byteSize());
            write(current);
        } else {
            current.image().created(this, errno, current);
        }
    }
}
