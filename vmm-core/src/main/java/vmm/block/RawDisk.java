package vmm.block;

import java.util.OptionalLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vmm.event.EventLoop;
import vmm.linux.Errno;
import vmm.linux.FileIo;
import vmm.linux.FileLock;
import vmm.linux.FileStatus;
import vmm.linux.HostException;

/**
 * A disk that is a file, or a block device of the host, byte for byte.
 *
 * <p>It is locked as long as it is open: a writable one against everybody else, a read-only one against writers.
 */
public final class RawDisk implements BlockDevice {
    private static final Logger log = LoggerFactory.getLogger(RawDisk.class);

    /** How requests reach the file. */
    enum Engine {
        /**
         * By system calls of the worker itself. Right for files in memory: they never wait, and io_uring would hand
         * each request to a thread of the kernel, which takes several times longer.
         */
        SYNCHRONOUS,
        /** Through the worker's io_uring, so that requests wait side by side. */
        RING
    }

    private final String path;
    private final int fd;
    private final long size;
    private final boolean readOnly;
    private final Engine engine;

    private RawDisk(String path, int fd, long size, boolean readOnly, Engine engine) {
        this.path = path;
        this.fd = fd;
        this.size = size;
        this.readOnly = readOnly;
        this.engine = engine;
    }

    /**
     * Opens and locks a disk.
     *
     * @param path a regular file or a block device
     * @param readOnly true if nothing will be written, so that it need not be writable, and others may read it as well
     * @throws HostException if it is missing, empty, something else, not accessible, of a size that no disk has, or
     *     held by somebody else
     */
    public static RawDisk open(String path, boolean readOnly) {
        RawDisk disk = openContainer(path, readOnly);
        try {
            DiskSize.checkFile(path, disk.size);
        } catch (HostException e) {
            FileIo.close(disk.fd);
            throw e;
        }
        return disk;
    }

    /**
     * Opens and locks a file that holds an image of another format, as {@link #open} does, but of any size: even one
     * that is no multiple of 512.
     */
    public static RawDisk openContainer(String path, boolean readOnly) {
        // Before opening, since that would wait for the other end of a pipe.
        FileStatus found = FileStatus.of(path);
        checkKind(path, found, readOnly);
        boolean device = found.kind() == FileStatus.Kind.BLOCK_DEVICE;
        int fd = device && !readOnly ? FileIo.openUnusedDevice(path) : FileIo.open(path, !readOnly);
        if (fd < 0) {
            throw refusal(path, -fd, readOnly);
        }
        try {
            FileStatus status = FileStatus.of(fd);
            checkKind(path, status, readOnly);
            lock(path, fd, status, readOnly);
            return new RawDisk(path, fd, status.size(), readOnly, status.inMemory() ? Engine.SYNCHRONOUS : Engine.RING);
        } catch (HostException e) {
            FileIo.close(fd);
            throw e;
        }
    }

    /** Opens a disk with an engine that the file would not have got, for tests. */
    static RawDisk open(String path, boolean readOnly, Engine engine) {
        RawDisk disk = open(path, readOnly);
        return new RawDisk(path, disk.fd, disk.size, readOnly, engine);
    }

    private static void checkKind(String path, FileStatus status, boolean readOnly) {
        if (status.errno() != 0) {
            throw refusal(path, status.errno(), readOnly);
        }
        switch (status.kind()) {
            case FILE, BLOCK_DEVICE -> {}
            case DIRECTORY ->
                throw new HostException("Disk " + path + " is a directory: name an image file or a block device.");
            case OTHER ->
                throw new HostException("Disk " + path
                        + " is neither a file nor a block device: name an image file or a block device.");
        }
    }

    private static HostException refusal(String path, int errno, boolean readOnly) {
        String disk = "Disk " + path;
        return new HostException(
                switch (errno) {
                    case Errno.ENOENT, Errno.ENOTDIR ->
                        disk + " does not exist: correct the path, or create it with truncate -s 10G " + path + ".";
                    case Errno.EACCES, Errno.EPERM, Errno.EROFS ->
                        readOnly
                                ? disk + " cannot be read: " + Errno.describe(errno)
                                        + "; give this user the right to read it."
                                : disk + " cannot be opened for writing: " + Errno.describe(errno)
                                        + "; use it readonly, or give this user the right to write it.";
                    case Errno.EBUSY ->
                        disk + " is mounted or otherwise in use by the host: unmount it first, or use it readonly.";
                    case Errno.EMFILE ->
                        disk + " cannot be opened: too many open files; raise the limit with ulimit -n.";
                    default -> disk + " cannot be opened: " + Errno.describe(errno) + ".";
                });
    }

    private static void lock(String path, int fd, FileStatus status, boolean readOnly) {
        int result = FileLock.take(fd, !readOnly);
        if (result == -Errno.EAGAIN || result == -Errno.EACCES) {
            throw held(path, FileLock.holder(status.inode()), readOnly);
        }
        if (result < 0) {
            log.warn(
                    "Disk {} cannot be locked ({}): nothing keeps two virtual machines from writing it.",
                    path,
                    Errno.describe(-result));
        }
    }

    private static HostException held(String path, OptionalLong holder, boolean readOnly) {
        long own = ProcessHandle.current().pid();
        if (holder.isPresent() && holder.getAsLong() == own) {
            return new HostException("Disk " + path + " is in use by this virtual machine already: give it an image for"
                    + " each disk, or use the image readonly in all places.");
        }
        String who = holder.isPresent() ? "process " + holder.getAsLong() : "another process";
        return new HostException("Disk " + path + " is in use by " + who + ": stop it first, or use "
                + (readOnly ? "the disk readonly there, too." : "another image."));
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
        return path;
    }

    int fd() {
        return fd;
    }

    Engine engine() {
        return engine;
    }

    @Override
    public BlockQueue openQueue(EventLoop loop) {
        return switch (engine) {
            case SYNCHRONOUS -> new SynchronousFileQueue(this);
            case RING -> new RingFileQueue(this, loop);
        };
    }

    /**
     * Flushes, unlocks and closes.
     *
     * @throws HostException if the last writes may not be on stable storage; it is closed then as well
     */
    @Override
    public void close() {
        int result = readOnly ? 0 : FileIo.fdatasync(fd);
        FileIo.close(fd);
        if (result < 0) {
            throw new HostException("Disk " + path + " could not be flushed (" + Errno.describe(-result)
                    + "): what was written last may be lost, so check the storage and the image.");
        }
    }
}
