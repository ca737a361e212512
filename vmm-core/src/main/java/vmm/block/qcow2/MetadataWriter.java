package vmm.block.qcow2;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import vmm.block.BlockRequest;
import vmm.linux.IoVector;

/**
 * Writes staged parts of the image's tables, group after group, with a flush behind each group that asks for one.
 * Belongs to a queue.
 */
abstract class MetadataWriter extends Waiter {
    private static final int MOST_WRITES = 32;

    private final ArrayDeque<StagedWrite> free = new ArrayDeque<>();
    private final List<List<StagedWrite>> groups = new ArrayList<>();
    private final BlockRequest flush = new Flush();
    private int group;
    private int index;
    private int underWay;
    private int errno;
    private boolean issuing;

    MetadataWriter(Qcow2Queue queue, int groups) {
        super(queue);
        for (int i = 0; i < groups; i++) {
            this.groups.add(new ArrayList<>());
        }
    }

    final Qcow2Queue queue() {
        return queue;
    }

    /** A write that belongs to a group, still to be staged. */
    final StagedWrite add(int group) {
        StagedWrite write = free.isEmpty() ? new StagedWrite(this) : free.pop();
        groups.get(group).add(write);
        return write;
    }

    /** True if the file has to have the group, and all that was written before, before the next one. */
    abstract boolean needsFlush(int group, boolean empty);

    /** All groups are written, or one could not be. */
    abstract void written(int errno);

    /** Settles all writes. With the image's lock. */
    final void settle(boolean written) {
        for (List<StagedWrite> writes : groups) {
            for (StagedWrite write : writes) {
                write.settle(written);
                free.push(write);
            }
            writes.clear();
        }
    }

    /** Writes what was added. */
    final void begin() {
        group = 0;
        index = 0;
        errno = 0;
        issue();
    }

    private void issue() {
        issuing = true;
        List<StagedWrite> writes = groups.get(group);
        while (index < writes.size() && underWay < MOST_WRITES && errno == 0) {
            underWay++;
            queue.file().submit(writes.get(index++));
        }
        issuing = false;
        if (underWay > 0) {
            return;
        }
        if (errno == 0 && needsFlush(group, writes.isEmpty())) {
            flush.prepare(BlockRequest.Operation.FLUSH, 0);
            queue.file().submit(flush);
        } else {
            next(0);
        }
    }

    /** A write has ended. */
    final void ended(int failure) {
        underWay--;
        errno = errno == 0 ? failure : errno;
        if (!issuing) {
            issue();
        }
    }

    private void next(int failure) {
        errno = errno == 0 ? failure : errno;
        group++;
        index = 0;
        if (errno != 0 || group == groups.size()) {
            written(errno);
        } else {
            issue();
        }
    }

    private final class Flush extends BlockRequest {
        Flush() {
            super(new IoVector(1));
        }

        @Override
        public void completed(int errno) {
            next(errno);
        }
    }
}
