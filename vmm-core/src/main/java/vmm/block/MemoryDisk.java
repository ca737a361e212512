package vmm.block;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import vmm.block.ExtentQuery.State;
import vmm.event.EventLoop;
import vmm.linux.HostException;
import vmm.linux.Mapping;

/**
 * A disk in this process's memory, zeroed at first and gone when closed. What is never written takes no room, nor does
 * what has been zeroed with leave to give it back.
 */
public final class MemoryDisk implements BlockDevice {
    private static final int PAGE_SHIFT = 12;
    private static final long PAGE = 1L << PAGE_SHIFT;
    private static final byte USED = 1;

    private static final MemorySegment ZEROS = Arena.global().allocate(64 << 10);

    private final String name;
    private final long size;
    private final boolean readOnly;
    private final Mapping mapping;
    private final MemorySegment content;

    /** For each page a byte that is {@link #USED} or 0; null if memory is never given back. */
    private final @Nullable Mapping usage;

    /**
     * Makes a disk.
     *
     * @param size in bytes, a positive multiple of 512
     * @param unmap true if memory is given back where a request allows it
     * @throws vmm.linux.HostException if the host cannot reserve so much address space
     */
    public MemoryDisk(String name, long size, boolean readOnly, boolean unmap) {
        this.name = name;
        this.size = size;
        this.readOnly = readOnly;
        this.mapping = reserve(name, size);
        mapping.commit(0, size);
        this.content = mapping.segment();
        this.usage = unmap && !readOnly ? usage(name, size) : null;
    }

    private static Mapping usage(String name, long size) {
        Mapping made = reserve(name, (size >>> PAGE_SHIFT) + 1);
        made.commit(0, made.segment().byteSize());
        return made;
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
    public int discardGranularity() {
        return usage == null ? 0 : (int) PAGE;
    }

    @Override
    public BlockQueue openQueue(EventLoop loop) {
        return new BlockQueue() {
            @Override
            public void submit(BlockRequest request) {
                MemoryDisk.this.submit(request);
            }

            @Override
            public void query(ExtentQuery query) {
                MemoryDisk.this.query(query);
            }
        };
    }

    private void query(ExtentQuery query) {
        Mapping pages = usage;
        if (pages == null) {
            query.answer(State.ALLOCATED, query.length());
            return;
        }
        long page = query.offset() >>> PAGE_SHIFT;
        long last = (query.offset() + query.length() - 1) >>> PAGE_SHIFT;
        byte first = pages.segment().get(JAVA_BYTE, page);
        while (page < last && pages.segment().get(JAVA_BYTE, page + 1) == first) {
            page++;
        }
        query.answer(first == USED ? State.ALLOCATED : State.DEALLOCATED, ((page + 1) << PAGE_SHIFT) - query.offset());
    }

    private void submit(BlockRequest request) {
        int errno = request.begin(this);
        if (errno == 0) {
            switch (request.operation()) {
                case READ -> request.data().copyFrom(content, request.offset());
                case WRITE -> {
                    markUsed(request.offset(), request.length());
                    request.data().copyTo(content, request.offset());
                }
                case FLUSH, DISCARD -> {}
                case WRITE_ZEROES -> {
                    if (usage != null && request.mayUnmap()) {
                        giveBack(usage, request.offset(), request.length());
                    } else {
                        markUsed(request.offset(), request.length());
                        zero(request.offset(), request.length());
                    }
                }
            }
        }
        request.end(errno);
    }

    private void markUsed(long offset, long length) {
        Mapping pages = usage;
        if (pages != null) {
            for (long page = offset >>> PAGE_SHIFT; page << PAGE_SHIFT < offset + length; page++) {
                pages.segment().set(JAVA_BYTE, page, USED);
            }
        }
    }

    /** Zeroes what is less than a page, and puts new memory in the place of whole pages. */
    private void giveBack(Mapping pages, long offset, long length) {
        long start = (offset + PAGE - 1) & -PAGE;
        long end = (offset + length) & -PAGE;
        if (start >= end) {
            zero(offset, length);
            return;
        }
        zero(offset, start - offset);
        mapping.commit(start, end - start);
        pages.segment()
                .asSlice(start >>> PAGE_SHIFT, (end - start) >>> PAGE_SHIFT)
                .fill((byte) 0);
        zero(end, offset + length - end);
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
        if (usage != null) {
            usage.close();
        }
    }
}
