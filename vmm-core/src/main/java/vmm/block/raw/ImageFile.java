package vmm.block.raw;

import java.util.OptionalLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vmm.block.BlockOptions;
import vmm.linux.Errno;
import vmm.linux.FileIo;
import vmm.linux.FileLock;
import vmm.linux.FileStatus;
import vmm.linux.HostException;

/**
 * A regular file or block device of the host, open and locked: a writable one against everybody else, a read-only one
 * against writers. The lock ends with the descriptor, however the process ends.
 */
final class ImageFile {
    private static final Logger log = LoggerFactory.getLogger(ImageFile.class);

    private final String path;
    private final int fd;
    private final FileStatus status;

    private ImageFile(String path, int fd, FileStatus status) {
        this.path = path;
        this.fd = fd;
        this.status = status;
    }

    /**
     * Opens and locks a file.
     *
     * @throws HostException if it is missing, something else, not accessible, or held by somebody else
     */
    static ImageFile open(BlockOptions options) {
        String path = options.source();
        boolean readOnly = options.readOnly();
        // Before opening, since that would wait for the other end of a pipe.
        FileStatus found = FileStatus.of(path);
        checkKind(path, found, readOnly);
        boolean device = found.kind() == FileStatus.Kind.BLOCK_DEVICE;
        int fd = device && !readOnly && !options.shareable()
                ? FileIo.openUnusedDevice(path)
                : FileIo.open(path, !readOnly);
        if (fd < 0) {
            throw refusal(path, -fd, readOnly);
        }
        try {
            FileStatus status = FileStatus.of(fd);
            checkKind(path, status, readOnly);
            lock(fd, status, options);
            return new ImageFile(path, fd, status);
        } catch (HostException e) {
            FileIo.close(fd);
            throw e;
        }
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
                        readOnly
                                ? disk + " does not exist: correct the path."
                                : disk + " does not exist: correct the path, or create it with truncate -s 10G " + path
                                        + ".";
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

    private static void lock(int fd, FileStatus status, BlockOptions options) {
        String path = options.source();
        int result = FileLock.take(fd, !options.readOnly() && !options.shareable());
        if (result == -Errno.EAGAIN || result == -Errno.EACCES) {
            throw held(path, FileLock.holder(status.inode()), options);
        }
        if (result < 0) {
            log.warn(
                    "Disk {} cannot be locked ({}): nothing keeps two virtual machines from writing it.",
                    path,
                    Errno.describe(-result));
        }
    }

    private static HostException held(String path, OptionalLong holder, BlockOptions options) {
        long own = ProcessHandle.current().pid();
        if (holder.isPresent() && holder.getAsLong() == own) {
            return new HostException("Disk " + path + " is in use by this virtual machine already: give it an image for"
                    + " each disk, or use the image readonly in all places.");
        }
        String who = holder.isPresent() ? "process " + holder.getAsLong() : "another process";
        String remedy = options.shareable()
                ? "make the disk shareable there, too."
                : options.readOnly() ? "use the disk readonly there, too." : "use another image.";
        return new HostException("Disk " + path + " is in use by " + who + ": stop it first, or " + remedy);
    }

    String path() {
        return path;
    }

    int fd() {
        return fd;
    }

    /** Its size in bytes when it was opened. */
    long initialSize() {
        return status.size();
    }

    boolean isDevice() {
        return status.kind() == FileStatus.Kind.BLOCK_DEVICE;
    }

    /** True if it lives in memory, so that reading and writing it does not wait. */
    boolean inMemory() {
        return status.inMemory();
    }

    /** The file system's preferred unit in bytes. */
    int blockSize() {
        return status.blockSize();
    }

    void close() {
        FileIo.close(fd);
    }
}
