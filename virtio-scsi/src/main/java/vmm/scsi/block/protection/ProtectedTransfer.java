package vmm.scsi.block.protection;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import vmm.block.BlockRequest;
import vmm.block.BlockRequest.Operation;
import vmm.linux.IoVector;
import vmm.scsi.block.protection.ProtectionInformation.Fault;

/** A request on its way to both halves of a {@link ProtectedMedium}. Belongs to a queue, which uses it again. */
final class ProtectedTransfer {
    private final ProtectedQueue queue;
    private final int block;
    private final Half data = new Half();
    private final Half information = new Half();

    /** The buffers of the request, walked over block by block. */
    private final IoVector walk = new IoVector(1);

    private final MemorySegment one;
    private MemorySegment buffer;
    private @Nullable BlockRequest request;
    private boolean second;

    ProtectedTransfer(ProtectedQueue queue) {
        this.queue = queue;
        this.block = queue.medium().block();
        this.one = Arena.ofAuto().allocate(block);
        this.buffer = Arena.ofAuto().allocate(4096, 4096);
    }

    void start(BlockRequest started) {
        request = started;
        second = false;
        long offset = started.offset();
        long length = started.length();
        switch (started.operation()) {
            case READ, WRITE -> {
                data.data().clear();
                data.data().append(started.data(), 0, length);
                data.prepare(started.operation(), offset);
                makeRoom(length / block * ProtectionInformation.BYTES);
                if (started.operation() == Operation.WRITE) {
                    make();
                }
            }
            case FLUSH -> data.prepare(Operation.FLUSH, 0);
            case DISCARD, WRITE_ZEROES -> data.prepareRange(started.operation(), offset, length, started.mayUnmap());
        }
        if (started.mustBeStable()) {
            data.requireStable();
        }
        queue.data().submit(data);
    }

    private void makeRoom(long bytes) {
        if (buffer.byteSize() < bytes) {
            buffer = Arena.ofAuto().allocate(bytes, 4096);
        }
        information.data().clear();
        information.data().add(buffer.address(), bytes);
    }

    private BlockRequest current() {
        BlockRequest current = request;
        if (current == null) {
            throw new IllegalStateException("A transfer goes on that has ended.");
        }
        return current;
    }

    private void halfEnded(int errno) {
        if (errno != 0) {
            end(errno, 0);
        } else if (second) {
            if (current().operation() == Operation.READ) {
                check();
            } else {
                end(0, 0);
            }
        } else {
            second = true;
            toInformation();
        }
    }

    private void toInformation() {
        BlockRequest whole = current();
        long offset = whole.offset() / block * ProtectionInformation.BYTES;
        switch (whole.operation()) {
            case READ, WRITE, FLUSH -> information.prepare(whole.operation(), offset);
            // Zeros mean that there is none.
            case DISCARD, WRITE_ZEROES ->
                information.prepareRange(
                        Operation.WRITE_ZEROES, offset, whole.length() / block * ProtectionInformation.BYTES, true);
        }
        if (whole.mustBeStable()) {
            information.requireStable();
        }
        queue.information().submit(information);
    }

    private void beginWalk() {
        IoVector buffers = current().data();
        walk.clear();
        walk.append(buffers, 0, buffers.bytes());
    }

    private void make() {
        beginWalk();
        long lba = current().offset() / block;
        for (long at = 0; walk.bytes() > 0; at += ProtectionInformation.BYTES) {
            walk.copyTo(one, 0, block);
            walk.advance(block);
            long made = ProtectionInformation.of(queue.medium().type(), lba++, one, 0, block);
            ProtectionInformation.put(buffer, at, ~made);
        }
    }

    private void check() {
        beginWalk();
        long lba = current().offset() / block;
        for (long at = 0; walk.bytes() > 0; at += ProtectionInformation.BYTES) {
            walk.copyTo(one, 0, block);
            walk.advance(block);
            long found = ~ProtectionInformation.get(buffer, at);
            Fault fault = ProtectionInformation.check(found, queue.medium().type(), lba++, one, 0, block, true, true);
            if (fault != Fault.NONE) {
                long good = at / ProtectionInformation.BYTES * block;
                end(fault == Fault.GUARD ? ProtectedMedium.EILSEQ : ProtectedMedium.EBADE, good);
                return;
            }
        }
        end(0, 0);
    }

    private void end(int errno, long good) {
        BlockRequest ended = current();
        request = null;
        queue.free(this);
        ended.end(errno, good);
    }

    /** What goes to one of the two. */
    private final class Half extends BlockRequest {
        Half() {
            super(new IoVector(1));
        }

        @Override
        public void completed(int errno) {
            halfEnded(errno);
        }
    }
}
