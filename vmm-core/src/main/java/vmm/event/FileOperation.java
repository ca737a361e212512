package vmm.event;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import vmm.linux.BlockControl;
import vmm.linux.FileIo;
import vmm.linux.IoVector;

/** A slot for one operation on a file, used again and again: what to do, on what, and whom to tell. */
class FileOperation {
    /** What is to be done. */
    enum Kind {
        READ,
        WRITE,
        WRITE_STABLE,
        SYNC,
        ALLOCATE,
        DISCARD;

        boolean movesData() {
            return this == READ || this == WRITE || this == WRITE_STABLE;
        }
    }

    private static final IoVector NO_DATA = new IoVector(1);

    private Kind kind = Kind.SYNC;
    private int fd = -1;
    private IoVector data = NO_DATA;
    private long offset;
    private long length;
    private int mode;
    private int result;
    private @Nullable IoCompletion completion;
    private @Nullable MemorySegment range;

    /** Makes it a READ, WRITE or WRITE_STABLE. */
    final void transfer(Kind transfer, int file, IoVector buffers, long at, IoCompletion whom) {
        set(transfer, file, at, 0, whom);
        data = buffers;
    }

    /** Makes it one that moves no data; for a SYNC the range says nothing. */
    final void range(Kind change, int file, long at, long bytes, int flags, IoCompletion whom) {
        set(change, file, at, bytes, whom);
        mode = flags;
    }

    private void set(Kind newKind, int file, long at, long bytes, IoCompletion whom) {
        kind = newKind;
        fd = file;
        offset = at;
        length = bytes;
        completion = whom;
    }

    /** Does it by system calls that wait, and keeps the result. Any one thread. */
    final void perform() {
        result = switch (kind) {
            case READ -> FileIo.readv(fd, data, offset);
            case WRITE -> FileIo.writev(fd, data, offset);
            case WRITE_STABLE -> FileIo.writevStable(fd, data, offset);
            case SYNC -> FileIo.fdatasync(fd);
            case ALLOCATE -> FileIo.fallocate(fd, mode, offset, length);
            case DISCARD -> BlockControl.discard(fd, discardRange(), offset, length);
        };
    }

    /** Made when it is needed for the first time, since few disks ever discard like that. */
    private MemorySegment discardRange() {
        if (range == null) {
            range = Arena.ofAuto().allocate(BlockControl.RANGE_SIZE, Long.BYTES);
        }
        return range;
    }

    final Kind kind() {
        return kind;
    }

    final int fd() {
        return fd;
    }

    final IoVector data() {
        return data;
    }

    final long offset() {
        return offset;
    }

    final long length() {
        return length;
    }

    final int mode() {
        return mode;
    }

    final int result() {
        return result;
    }

    final void setResult(int newResult) {
        result = newResult;
    }

    /** Forgets whom to tell and what the kernel no longer needs, and returns who was to be told. */
    final IoCompletion release() {
        IoCompletion whom = completion;
        if (whom == null) {
            throw new IllegalStateException("The operation has completed already.");
        }
        completion = null;
        data = NO_DATA;
        return whom;
    }
}
