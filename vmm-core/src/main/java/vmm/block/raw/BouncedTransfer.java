package vmm.block.raw;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import vmm.block.BlockRequest;
import vmm.block.BlockRequest.Operation;
import vmm.linux.DirectIo;
import vmm.linux.Errno;
import vmm.linux.IoVector;

/**
 * A read or write with direct I/O whose buffers, length or offset are not as the file wants them: goes through a bounce
 * buffer, in whole blocks. Of a block that a write covers in part, the rest is read first; the {@link RangeLocks} keep
 * others away from it meanwhile.
 */
final class BouncedTransfer extends Movement {
    private final long block;
    private final IoVector vector;
    private @Nullable MemorySegment buffer;

    /** The first byte of the disk that is still to be moved, and the first after the request. */
    private long position;

    private long end;

    /** The whole blocks of the disk that the buffer is for. */
    private long pieceStart;

    private long pieceEnd;

    /** Where in them the request's own bytes end. */
    private long dataEnd;

    /** The blocks are being read to be written. */
    private boolean filling;

    BouncedTransfer(FileQueue queue, DirectIo direct) {
        this(queue, direct, new IoVector(1));
    }

    private BouncedTransfer(FileQueue queue, DirectIo direct, IoVector vector) {
        super(queue, vector);
        this.vector = vector;
        block = direct.offset();
    }

    @Override
    public void run() {
        queue().buffers().give(this);
    }

    /** The transfer has a buffer. */
    void begin(MemorySegment newBuffer) {
        BlockRequest request = request();
        buffer = newBuffer;
        position = request.offset();
        end = position + request.length();
        nextPiece();
    }

    private MemorySegment buffer() {
        MemorySegment current = buffer;
        if (current == null) {
            throw new IllegalStateException("The transfer has no buffer.");
        }
        return current;
    }

    private boolean isWrite() {
        return request().operation() == Operation.WRITE;
    }

    private void nextPiece() {
        pieceStart = position & -block;
        dataEnd = Math.min(end, pieceStart + BounceBuffers.SIZE);
        pieceEnd = (dataEnd + block - 1) & -block;
        if (isWrite() && position == pieceStart && dataEnd == pieceEnd) {
            writePiece();
        } else {
            filling = isWrite();
            movePiece(false);
        }
    }

    private void writePiece() {
        filling = false;
        request().data().copyTo(buffer(), position - pieceStart, dataEnd - position);
        movePiece(true);
    }

    private void movePiece(boolean write) {
        vector.clear();
        vector.add(buffer().address(), pieceEnd - pieceStart);
        move(write, vector, pieceStart);
    }

    @Override
    void moved(int errno) {
        if (errno != 0) {
            finish(errno);
        } else if (filling) {
            writePiece();
        } else {
            if (!isWrite()) {
                request().data().copyFrom(buffer(), position - pieceStart, dataEnd - position);
            }
            request().data().advance(dataEnd - position);
            position = dataEnd;
            if (position < end) {
                nextPiece();
            } else {
                finish(0);
            }
        }
    }

    @Override
    void metEnd(long bytesLeft) {
        if (filling) {
            // Behind the end there is nothing to preserve.
            buffer().asSlice(pieceEnd - pieceStart - bytesLeft, bytesLeft).fill((byte) 0);
            moved(0);
        } else {
            moved(pieceEnd - bytesLeft < dataEnd ? Errno.EIO : 0);
        }
    }

    private void finish(int errno) {
        MemorySegment used = buffer();
        buffer = null;
        // Its next user may run at once, so this request is ended by then.
        BounceBuffers buffers = queue().buffers();
        end(errno);
        buffers.takeBack(used);
    }

    @Override
    void recycle() {
        queue().recycle(this);
    }
}
