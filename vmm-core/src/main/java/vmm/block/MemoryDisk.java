package vmm.block;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import vmm.event.EventLoop;
import vmm.linux.HostException;
import vmm.linux.Mapping;

/** A disk in this process's memory, zeroed at first and gone when closed. What is never written takes no room. */
public final class MemoryDisk implements BlockDevice {
    private static final MemorySegment ZEROS = Arena.global().allocate(64 << 10);

    private final String name;
    private final long size;
    private final boolean readOnly;
    private final Mapping mapping;
    private final MemorySegment content;

    /**
     * Makes a disk.
     *
     * @param size in bytes, a positive multiple of 512
     * @throws vmm.linux.HostException if the host cannot reserve so much address space
     */
    public MemoryDisk(String name, long size, boolean readOnly) {
        this.name = name;
        this.size = size;
        this.readOnly = readOnly;
        this.mapping = reserve(name, size);
        mapping.commit(0, size);
        this.content = mapping.segment();
    }

    private static Mapping reserve(String name, long size) {
        try {
            return Mapping.reserve(size);
        } catch (HostException e) {
            throw new HostException("Disk " + name + ": " + e.getMessage() + " Make it smaller.", e);
        }
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public boolean readOnly() {
        return readOnly;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public BlockQueue openQueue(EventLoop loop) {
        return this::submit;
    }

    private void submit(BlockRequest request) {
        int errno = request.begin(this);
        if (errno == 0) {
            switch (request.operation()) {
                case READ -> request.data().copyFrom(content, request.offset());
                case WRITE -> request.data().copyTo(content, request.offset());
                case FLUSH, DISCARD -> {}
                case WRITE_ZEROES -> zero(request.offset(), request.length());
            }
        }
        request.end(errno);
    }

    private void zero(long offset, long length) {
        for (long at = 0; at < length; at += ZEROS.byteSize()) {
            // A slice to fill would be an object for each request.
            MemorySegment.copy(ZEROS, 0, content, offset + at, Math.min(length - at, ZEROS.byteSize()));
        }
    }

    /** Gives the memory back. After the last request has ended. */
    @Override
    public void close() {
        mapping.close();
    }
}
