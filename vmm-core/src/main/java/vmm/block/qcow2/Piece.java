package vmm.block.qcow2;

import org.jspecify.annotations.Nullable;
import vmm.block.BlockQueue;
import vmm.block.BlockRequest;
import vmm.linux.IoVector;

/**
 * A part of a transfer that is one request to the file or to the backing disk. Belongs to a queue, which uses it again.
 */
final class Piece extends BlockRequest {
    private static final int FEW_BUFFERS = 16;

    private final Qcow2Queue queue;
    private @Nullable Transfer transfer;

    /** The next one that is free. */
    @Nullable
    Piece next;

    Piece(Qcow2Queue queue) {
        super(new IoVector(FEW_BUFFERS));
        this.queue = queue;
    }

    /**
     * Does the first {@code length} bytes of what is left of {@code transfer}.
     *
     * @param target the file's queue, or the backing disk's
     * @param offset where in that
     * @param stable true if it has to be on stable storage in the end
     */
    void start(Transfer transfer, Operation operation, BlockQueue target, long offset, long length, boolean stable) {
        this.transfer = transfer;
        data().clear();
        if (operation != Operation.FLUSH) {
            transfer.data().moveTo(data(), length);
        }
        prepare(operation, offset);
        if (stable) {
            requireStable();
        }
        target.submit(this);
    }

    @Override
    public void completed(int errno) {
        Transfer owner = transfer;
        if (owner == null) {
            throw new IllegalStateException("A piece of a request has ended twice.");
        }
        transfer = null;
        queue.free(this);
        owner.pieceEnded(errno);
    }
}
