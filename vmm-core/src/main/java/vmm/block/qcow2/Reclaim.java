package vmm.block.qcow2;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import vmm.block.BlockRequest;
import vmm.linux.IoVector;

/**
 * Takes references away from clusters that are free to go, and gives those that have none left back to the file system
 * and to the allocator. Belongs to a queue; an image has one under way at most, and never beside a commit.
 */
final class Reclaim extends MetadataWriter implements Deferred {
    private final LongList clusters = new LongList();
    private final List<Slice> pinned = new ArrayList<>();
    private final ArrayDeque<Discard> idleDiscards = new ArrayDeque<>();
    private int loaded;
    private int discards;
    private boolean discarding;

    Reclaim(Qcow2Queue queue) {
        super(queue, 1);
    }

    @Override
    public void start(Qcow2Queue queue) {
        clusters.clear();
        synchronized (queue.image()) {
            LongList ready = queue.image().reclaimer().ready();
            clusters.addAll(ready);
            ready.clear();
        }
        clusters.sort();
        loaded = 0;
        load();
    }

    @Override
    void resume(int errno) {
        if (errno == 0) {
            load();
        } else {
            abandon();
        }
    }

    /** Brings all refcounts into memory, and keeps them there. */
    private void load() {
        Image image = queue.image();
        Refcounts refcounts = image.refcounts();
        int outcome = 0;
        synchronized (image) {
            while (loaded < clusters.size() && outcome == 0) {
                long cluster = clusters.get(loaded);
                outcome = image.haveExistingRefcount(cluster, this);
                if (outcome == 0) {
                    Slice slice = refcounts.slice(cluster);
                    slice.pins++;
                    pinned.add(slice);
                    loaded++;
                }
            }
        }
        queue.afterLock();
        if (outcome > 0) {
            abandon();
        } else if (outcome == 0) {
            discard();
        }
    }

    /** What cannot be counted stays as it is: lost until the image is repaired. */
    private void abandon() {
        synchronized (queue.image()) {
            end();
        }
        queue.afterLock();
    }

    private void end() {
        pinned.forEach(slice -> slice.pins--);
        pinned.clear();
        queue.image().reclaimEnds(queue);
    }

    /** Gives the storage of clusters that are free then back, before anybody else can have them. */
    private void discard() {
        discarding = true;
        if (queue.image().discardsToFile()) {
            for (int from = 0, to; from < clusters.size(); from = to) {
                to = from + 1;
                while (to < clusters.size() && clusters.get(to) <= clusters.get(to - 1) + 1) {
                    to++;
                }
                discard(from, to);
            }
        }
        discarding = false;
        if (discards == 0) {
            count();
        }
    }

    /** Discards those of a run of clusters that this takes the last reference from. */
    private void discard(int from, int to) {
        long start = -1;
        long end = -1;
        for (int i = from, next; i < to; i = next) {
            next = i + 1;
            while (next < to && clusters.get(next) == clusters.get(i)) {
                next++;
            }
            long cluster = clusters.get(i);
            boolean last;
            synchronized (queue.image()) {
                Refcounts refcounts = queue.image().refcounts();
                last = refcounts.get(refcounts.slice(cluster), refcounts.indexOf(cluster)) == next - i;
            }
            if (last && cluster == end) {
                end++;
            } else if (last) {
                start(start, end);
                start = cluster;
                end = cluster + 1;
            }
        }
        start(start, end);
    }

    private void start(long from, long to) {
        if (from < to) {
            discards++;
            (idleDiscards.isEmpty() ? new Discard() : idleDiscards.pop()).start(from, to);
        }
    }

    private void count() {
        Image image = queue.image();
        synchronized (image) {
            image.takeReferences(clusters, this);
            pinned.forEach(slice -> slice.pins--);
            pinned.clear();
        }
        queue.afterLock();
        begin();
    }

    @Override
    boolean needsFlush(int group, boolean empty) {
        return false;
    }

    @Override
    void written(int errno) {
        synchronized (queue.image()) {
            settle(errno == 0);
            queue.image().reclaimEnds(queue);
        }
        queue.afterLock();
    }

    /** One run of clusters. How it ends does not matter. */
    private final class Discard extends BlockRequest {
        Discard() {
            super(new IoVector(1));
        }

        void start(long from, long to) {
            int bits = queue.image().geometry().clusterBits;
            // The file may end within its last cluster.
            long end = Math.min(to << bits, queue.image().file().size());
            prepareRange(Operation.DISCARD, from << bits, Math.max(end - (from << bits), 0), true);
            queue.file().submit(this);
        }

        @Override
        public void completed(int errno) {
            idleDiscards.push(this);
            discards--;
            if (discards == 0 && !discarding) {
                count();
            }
        }
    }
}
