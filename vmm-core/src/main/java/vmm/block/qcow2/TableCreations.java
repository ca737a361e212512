package vmm.block.qcow2;

import java.util.ArrayList;
import java.util.List;
import vmm.block.qcow2.TableCreation.Kind;
import vmm.linux.Errno;

/** The tables that are being created, and how they come into use. Needs the image's lock. */
final class TableCreations {
    private final Image image;
    private final Geometry geometry;
    private final ClusterMap map;
    private final Refcounts refcounts;
    private final List<TableCreation> underWay = new ArrayList<>();

    TableCreations(Image image, ClusterMap map, Refcounts refcounts) {
        this.image = image;
        this.geometry = image.geometry();
        this.map = map;
        this.refcounts = refcounts;
    }

    private static boolean countsReferences(Kind kind) {
        return switch (kind) {
            case REFCOUNT_BLOCK, REFCOUNT_TABLE -> true;
            case L1_TABLE, L2_TABLE -> false;
        };
    }

    /**
     * Sees to it that the refcount of {@code cluster} is in memory, and that the file has a place for it.
     *
     * @return 0, {@link Waiter#WAITING}, or an error number
     */
    int haveRefcount(long cluster, Waiter waiter) {
        for (TableCreation creation : underWay) {
            if (countsReferences(creation.kind)) {
                creation.waiters.add(waiter);
                return Waiter.WAITING;
            }
        }
        int block = refcounts.blockOf(cluster);
        if (!refcounts.isAbsent(block)) {
            return image.require(refcounts, block, refcounts.partOf(cluster), waiter);
        }
        if (image.metadata().contains(cluster << geometry.clusterBits)) {
            return image.corrupted("the refcount of cluster " + cluster + ", which is in use,");
        }
        if (block >= refcounts.root().size()) {
            return growRefcountTable(cluster, waiter);
        }
        // The block counts itself.
        return begin(Kind.REFCOUNT_BLOCK, block, cluster, 1, 0, waiter);
    }

    /**
     * Puts a larger refcount table at {@code cluster}, beyond all that the present one reaches, behind the blocks that
     * count it and themselves.
     */
    private int growRefcountTable(long cluster, Waiter waiter) {
        long blocks = 1;
        long tableClusters = 1;
        while (true) {
            long end = cluster + blocks + tableClusters;
            long neededBlocks = ((end - 1) >>> geometry.refcountBlockBits) - refcounts.blockOf(cluster) + 1;
            long entries = refcounts.blockOf(cluster) + neededBlocks;
            // Half as much again, so that this stays rare.
            long neededClusters = geometry.clusters((entries + entries / 2) * Long.BYTES);
            if (neededBlocks <= blocks && neededClusters <= tableClusters) {
                break;
            }
            blocks = Math.max(blocks, neededBlocks);
            tableClusters = Math.max(tableClusters, neededClusters);
        }
        if (tableClusters << geometry.clusterBits > Header.MAX_REFCOUNT_TABLE_BYTES) {
            return Errno.EFBIG;
        }
        return begin(Kind.REFCOUNT_TABLE, (int) blocks, cluster, (int) (blocks + tableClusters), 0, waiter);
    }

    /**
     * Sees to it that there is an L2 table, and that no snapshot shares it.
     *
     * @return 0, {@link Waiter#WAITING}, or an error number
     */
    int haveTable(int table, Waiter waiter) {
        if (map.owns(table)) {
            return 0;
        }
        for (TableCreation creation : underWay) {
            if (creation.kind == Kind.L2_TABLE && creation.table == table) {
                creation.waiters.add(waiter);
                return Waiter.WAITING;
            }
        }
        long source = map.offsetOf(table, 0);
        if (source == Tables.INVALID) {
            return image.corrupted("L1 entry " + table);
        }
        int outcome = image.allocator().find(1, waiter);
        if (outcome != 0) {
            return outcome;
        }
        return begin(Kind.L2_TABLE, table, image.allocator().first(), 1, source, waiter);
    }

    /** Begins to make an L1 table at free clusters whose refcounts are in memory; its content comes with a commit. */
    int beginL1(long cluster, int clusters, Waiter waiter) {
        return begin(Kind.L1_TABLE, 0, cluster, clusters, 0, waiter);
    }

    private int begin(Kind kind, int table, long cluster, int clusters, long source, Waiter waiter) {
        int errno = image.haveRoom((cluster + clusters) << geometry.clusterBits);
        if (errno != 0) {
            return errno;
        }
        TableCreation creation = new TableCreation(
                kind, table, cluster, clusters, source, image.allocator().isUntouched(cluster));
        creation.waiters.add(waiter);
        underWay.add(creation);
        image.allocator().reserve(cluster, clusters);
        if (!countsReferences(kind)) {
            pin(creation, 1);
        }
        waiter.queue.startLater(creation);
        return Waiter.WAITING;
    }

    private void pin(TableCreation creation, int change) {
        for (int i = 0; i < creation.clusters; i++) {
            refcounts.slice(creation.cluster + i).pins += change;
        }
    }

    /** The clusters of {@code creation} are filled, or could not be. */
    void ended(TableCreation creation, int errno) {
        underWay.remove(creation);
        if (errno == 0) {
            enter(creation);
        } else {
            image.allocator().giveBack(creation.cluster, creation.clusters);
        }
        if (!countsReferences(creation.kind)) {
            pin(creation, -1);
        }
    }

    private void enter(TableCreation creation) {
        long offset = creation.cluster << geometry.clusterBits;
        map.noticeMetadata(offset, (long) creation.clusters << geometry.clusterBits);
        switch (creation.kind) {
            case L2_TABLE -> {
                image.allocator().use(creation.cluster, 1);
                if (creation.source != 0) {
                    image.frees().add(creation.source >>> geometry.clusterBits);
                }
                map.putTable(creation.table, offset);
            }
            case REFCOUNT_BLOCK -> enterBlocks(creation, 1);
            case REFCOUNT_TABLE -> {
                int blocks = creation.table;
                long table = creation.cluster + blocks;
                long size = (creation.cluster + creation.clusters - table) << geometry.clusterBits;
                free(refcounts.root().offset(), (long) refcounts.root().size() * Long.BYTES);
                refcounts.moveTable(table << geometry.clusterBits, (int) (size / Long.BYTES));
                enterBlocks(creation, blocks);
            }
            case L1_TABLE -> image.allocator().use(creation.cluster, creation.clusters);
        }
    }

    /** Enters refcount blocks that are zeros in the file and count all of their creation's clusters. */
    private void enterBlocks(TableCreation creation, int blocks) {
        for (int i = 0; i < blocks; i++) {
            int block = refcounts.blockOf(creation.cluster) + i;
            refcounts.addBlock(block, (creation.cluster + i) << geometry.clusterBits);
        }
        for (int i = 0; i < creation.clusters; i++) {
            long counted = creation.cluster + i;
            int block = refcounts.blockOf(counted);
            int part = refcounts.partOf(counted);
            if (refcounts.find(block, part) == null) {
                refcounts.add(refcounts.create(block, part));
            }
            image.allocator().use(counted, 1);
        }
    }

    private void free(long offset, long length) {
        for (long at = offset; at < offset + length; at += geometry.clusterSize) {
            image.frees().add(at >>> geometry.clusterBits);
        }
    }
}
