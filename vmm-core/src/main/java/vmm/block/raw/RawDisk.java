package vmm.block.raw;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import vmm.block.BlockDevice;
import vmm.block.BlockOptions;
import vmm.block.BlockOptions.Cache;
import vmm.block.BlockQueue;
import vmm.block.DiskSize;
import vmm.block.StorageLifetime;
import vmm.block.StorageSpace;
import vmm.event.EventLoop;
import vmm.linux.BlockControl;
import vmm.linux.DirectIo;
import vmm.linux.Errno;
import vmm.linux.Fallocate;
import vmm.linux.FileIo;
import vmm.linux.FileStatus;
import vmm.linux.HostException;

/**
 * A disk that is a file, or a block device of the host, byte for byte.
 *
 * <p>It is locked as long as it is open: a writable one against everybody else, a read-only one against writers. A file
 * that somebody makes shorter all the same answers what it lacks with EIO.
 *
 * <p>With {@link Cache#NONE} requests go past the page cache (O_DIRECT), through a buffer of whole blocks if they are
 * not made of such. A file in memory has nothing that could be passed by: there it is like {@link Cache#WRITEBACK}.
 */
public final class RawDisk implements BlockDevice {
    private final ImageFile file;
    private final BlockOptions options;
    private final Engine engine;
    private final boolean container;
    private final @Nullable DirectIo direct;
    private final @Nullable RangeLocks locks;
    private final FlushGroup flushes = new FlushGroup(this);
    private final Map<EventLoop, FileQueue> queues = new ConcurrentHashMap<>();
    private final int discardGranularity;
    private volatile long size;

    /** What has turned out not to work here. */
    private final Set<RangeMethod> excluded = ConcurrentHashMap.newKeySet();

    private RawDisk(ImageFile file, BlockOptions options, Engine engine, boolean container) {
        this.file = file;
        this.options = options;
        this.engine = engine;
        this.container = container;
        size = file.initialSize();
        direct = options.cache() == Cache.NONE && !file.inMemory() ? makeDirect(file) : null;
        if (direct != null && !container && !options.readOnly()) {
            DiskSize.checkDirect(file.path(), size, direct.offset());
        }
        locks = direct != null && direct.offset() > DiskSize.SECTOR ? new RangeLocks(direct.offset()) : null;
        discardGranularity = options.unmap() && !options.readOnly() ? granularity(file) : 0;
    }

    private static DirectIo makeDirect(ImageFile file) {
        int result = FileIo.makeDirect(file.fd());
        if (result == -Errno.EINVAL) {
            throw new HostException(
                    "Disk " + file.path() + " cannot have cache=none: its file system has no direct I/O;"
                            + " use cache=writeback, or put the image elsewhere.");
        }
        if (result < 0) {
            throw new HostException("Disk " + file.path() + " cannot have cache=none: " + Errno.describe(-result)
                    + "; use cache=writeback.");
        }
        return DirectIo.of(file.fd());
    }

    private static int granularity(ImageFile file) {
        if (file.isDevice()) {
            return BlockControl.discardGranularity(file.fd());
        }
        // Behind the file's end nothing changes, whether the file system can do it or not.
        int mode = Fallocate.PUNCH_HOLE | Fallocate.KEEP_SIZE;
        long unit = Math.max(Integer.highestOneBit(file.blockSize()), DiskSize.SECTOR);
        long behind = (file.initialSize() + unit - 1) / unit * unit;
        return FileIo.fallocate(file.fd(), mode, behind, unit) == 0 ? (int) unit : 0;
    }

    /** Opens a disk with what suits it best. See {@link #open(BlockOptions)}. */
    public static RawDisk open(String path, boolean readOnly) {
        return open(BlockOptions.of(path, readOnly));
    }

    /**
     * Opens and locks a disk.
     *
     * @param options with the path of a regular file or a block device; one that is only read need not be writable, and
     *     others may read it as well
     * @throws HostException if it is missing, empty, something else, not accessible, of a size that no disk has, held
     *     by somebody else, or not able to do what the options ask for
     */
    public static RawDisk open(BlockOptions options) {
        return open(options, false, null);
    }

    /** Opens with what suits best. See {@link #openContainer(BlockOptions)}. */
    public static RawDisk openContainer(String path, boolean readOnly) {
        return openContainer(BlockOptions.of(path, readOnly));
    }

    /**
     * Opens and locks a file that holds an image of another format, as {@link #open(BlockOptions)} does, but of any
     * size: even one that is no multiple of 512.
     */
    public static RawDisk openContainer(BlockOptions options) {
        return open(options, true, null);
    }

    /** Opens a disk with an engine that the file might not have got, for tests. */
    static RawDisk open(BlockOptions options, Engine engine) {
        return open(options, false, engine);
    }

    private static RawDisk open(BlockOptions options, boolean container, @Nullable Engine forced) {
        ImageFile file = ImageFile.open(options);
        try {
            if (!container) {
                DiskSize.checkFile(file.path(), file.initialSize(), options.readOnly());
            }
            Engine engine = forced == null ? Engine.suiting(file, options.aio()) : forced;
            return new RawDisk(file, options, engine, container);
        } catch (HostException e) {
            file.close();
            throw e;
        }
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public boolean readOnly() {
        return options.readOnly();
    }

    @Override
    public String name() {
        return file.path();
    }

    @Override
    public int discardGranularity() {
        return discardGranularity;
    }

    @Override
    public Optional<StorageLifetime> lifetime() {
        return isDevice() ? StorageLifetime.of(Path.of(file.path())) : Optional.empty();
    }

    /** What the file system says; of a block device nobody knows how it keeps its data. */
    @Override
    public Optional<StorageSpace> space() {
        if (isDevice()) {
            return Optional.empty();
        }
        FileStatus status = FileStatus.of(file.fd());
        return status.errno() == 0
                ? Optional.of(new StorageSpace(status.allocated(), status.available()))
                : Optional.empty();
    }

    /**
     * {@inheritDoc}
     *
     * <p>Making it smaller waits for all requests that are in flight, so it is not for the thread of a loop that has
     * some. A block device has the size that it has, and the file of an image of another format may have any size.
     */
    @Override
    public synchronized void resize(long bytes) {
        checkNewSize(bytes);
        long before = size;
        if (bytes < before) {
            // From now on nothing is started behind the new end; what was, has to end, for a write there would make the
            // file longer again.
            size = bytes;
            queues.forEach(RawDisk::drain);
        }
        int result = FileIo.resize(file.fd(), bytes);
        if (result < 0) {
            size = before;
            throw new HostException(
                    "Disk " + name() + " cannot be made " + bytes + " bytes long: " + Errno.describe(-result) + ".");
        }
        size = bytes;
    }

    /**
     * {@inheritDoc}
     *
     * <p>A rest that is no whole block is left out. What holds an image of another format is as long as that makes it,
     * and a file that is shorter than before keeps its size here, where it answers what it lacks with EIO.
     */
    @Override
    public synchronized void noticeGrowth() {
        if (!container) {
            int unit = direct == null || readOnly() ? DiskSize.SECTOR : direct.offset();
            size = Math.max(size, FileStatus.of(file.fd()).size() / unit * unit);
        }
    }

    private void checkNewSize(long bytes) {
        if (file.isDevice()) {
            throw new HostException("Disk " + name() + " is a block device: change its size where it comes from.");
        }
        if (readOnly()) {
            throw new HostException("Disk " + name() + " is read-only and keeps its size.");
        }
        if (!container) {
            DiskSize.checkFile(name(), bytes, readOnly());
            if (direct != null) {
                DiskSize.checkDirect(name(), bytes, direct.offset());
            }
        }
    }

    private static void drain(EventLoop loop, FileQueue queue) {
        CountDownLatch drained = new CountDownLatch(1);
        try {
            loop.call(() -> {
                queue.drain(drained);
                return drained;
            });
        } catch (IllegalStateException closed) {
            return; // A loop that has ended has nothing in flight.
        }
        if (loop.inLoop() && drained.getCount() > 0) {
            throw new IllegalStateException("Requests to " + queue.disk().name() + " are in flight on this thread.");
        }
        boolean interrupted = false;
        while (drained.getCount() > 0) {
            try {
                drained.await();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public BlockQueue openQueue(EventLoop loop) {
        // A disk may be used by many devices, one after the other, each with a loop of its own.
        queues.keySet().removeIf(RawDisk::hasEnded);
        return queues.computeIfAbsent(loop, owner -> new FileQueue(this, owner));
    }

    private static boolean hasEnded(EventLoop loop) {
        try {
            loop.post(() -> {});
            return false;
        } catch (IllegalStateException ended) {
            return true;
        }
    }

    int fd() {
        return file.fd();
    }

    Engine engine() {
        return engine;
    }

    boolean isDevice() {
        return file.isDevice();
    }

    /** True if requests go past the page cache. */
    boolean isDirect() {
        return direct != null;
    }

    /** What direct I/O asks of requests; null if they may be as they like. */
    @Nullable
    DirectIo directIo() {
        return direct;
    }

    /** What keeps overlapping changes apart; null if they need not be. */
    @Nullable
    RangeLocks locks() {
        return locks;
    }

    FlushGroup flushes() {
        return flushes;
    }

    /** True if every change is to be on stable storage when it completes. */
    boolean writesThrough() {
        return options.cache() == Cache.WRITETHROUGH;
    }

    /** True if storage may be given back. */
    boolean unmaps() {
        return options.unmap();
    }

    boolean excludes(RangeMethod method) {
        return excluded.contains(method);
    }

    /** Notes that a method does not work here. Any thread. */
    void exclude(RangeMethod method) {
        excluded.add(method);
    }

    /**
     * Flushes, unlocks and closes.
     *
     * @throws HostException if the last writes may not be on stable storage; it is closed then as well
     */
    @Override
    public void close() {
        int errno = readOnly() ? 0 : flushes.flushNow();
        file.close();
        if (errno != 0) {
            throw new HostException("Disk " + name() + " could not be flushed (" + Errno.describe(errno)
                    + "): what was written last may be lost, so check the storage and the image.");
        }
    }
}
