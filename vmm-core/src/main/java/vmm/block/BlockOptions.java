package vmm.block;

/**
 * How a disk is to be opened.
 *
 * @param source {@code null:SIZE}, {@code mem:SIZE}, an {@code nbd://} or {@code nbd+unix://} address, or the path of
 *     an image or block device
 * @param readOnly true if writes are to be refused; the file need not be writable then
 * @param format how the image keeps its data
 * @param cache what the host may keep in memory
 * @param aio how requests reach the host's kernel
 * @param unmap true if discards reach the storage, false if they are ignored
 * @param shareable true if others may have the disk open for writing, too, who say the same; then who writes where is
 *     up to the guests
 */
public record BlockOptions(
        String source, boolean readOnly, Format format, Cache cache, Aio aio, boolean unmap, boolean shareable) {
    /** How an image keeps a disk's data. */
    public enum Format {
        /** Nobody said: byte for byte, and an image that begins as one of another format does is refused. */
        UNSPECIFIED,
        /** Byte for byte. */
        RAW,
        /** QEMU's copy-on-write format, versions 2 and 3. */
        QCOW2
    }

    /** What the host may keep in memory, in the words of QEMU and libvirt. */
    public enum Cache {
        /** Nothing: data moves between the guest and the storage (O_DIRECT). The storage's own cache needs flushes. */
        NONE,
        /** The page cache; what is not flushed may be lost when the host fails. */
        WRITEBACK,
        /** The page cache for reads; a write is on stable storage when it completes. */
        WRITETHROUGH
    }

    /** How requests reach the host's kernel. */
    public enum Aio {
        /** Whatever suits the file best. */
        AUTO,
        /** The worker's io_uring. */
        IO_URING,
        /** A pool of threads with system calls that wait. */
        THREADS
    }

    /** A disk that is nobody else's to write. */
    public BlockOptions(String source, boolean readOnly, Format format, Cache cache, Aio aio, boolean unmap) {
        this(source, readOnly, format, cache, aio, unmap, false);
    }

    /** A raw, writable or read-only disk with the page cache, opened as suits it best. */
    public static BlockOptions of(String source, boolean readOnly) {
        return new BlockOptions(source, readOnly, Format.UNSPECIFIED, Cache.WRITEBACK, Aio.AUTO, true);
    }
}
