package vmm.linux;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.stream.Stream;

/**
 * Locks on files, or bytes of them, that belong to the open file (F_OFD_SETLK of fcntl(2)): they end with its last
 * descriptor, however its process ends, and hold against another open of the same process, too.
 */
public final class FileLock {
    private static final int F_OFD_GETLK = 36;
    private static final int F_OFD_SETLK = 37;
    private static final short F_RDLCK = 0;
    private static final short F_WRLCK = 1;
    private static final short F_UNLCK = 2;

    // struct flock { short l_type, l_whence; off_t l_start, l_len; pid_t l_pid; }; a length of 0 reaches to any end.
    static final int FLOCK_SIZE = 32;
    static final int FLOCK_TYPE = 0;
    static final int FLOCK_START = 8;
    static final int FLOCK_LEN = 16;

    private FileLock() {}

    /**
     * Takes a lock, without waiting.
     *
     * @param exclusive true to keep all others out, false to keep out those who want it exclusively; needs a descriptor
     *     open for writing, or for reading
     * @return 0, or a negative error number: EAGAIN or EACCES if somebody else holds one that conflicts
     */
    public static int take(int fd, boolean exclusive) {
        return set(fd, flock(exclusive ? F_WRLCK : F_RDLCK, 0, 0));
    }

    /**
     * Takes a lock on one byte, which need not be there, without waiting; or makes one that is held exclusive or
     * shared.
     *
     * @return as {@link #take(int, boolean)}
     */
    public static int takeByte(int fd, long offset, boolean exclusive) {
        return set(fd, flock(exclusive ? F_WRLCK : F_RDLCK, offset, 1));
    }

    /** Gives back the lock on one byte. Returns 0, or a negative error number. */
    public static int giveByte(int fd, long offset) {
        return set(fd, flock(F_UNLCK, offset, 1));
    }

    /** True if somebody else holds a lock on one byte. */
    public static boolean isTakenByte(int fd, long offset) {
        MemorySegment flock = flock(F_WRLCK, offset, 1);
        int result = Libc.orErrno(Libc.fcntl(fd, F_OFD_GETLK, flock.address()));
        return result == 0 && flock.get(JAVA_SHORT, FLOCK_TYPE) != F_UNLCK;
    }

    private static int set(int fd, MemorySegment flock) {
        try {
            return Libc.orErrno(Libc.fcntl(fd, F_OFD_SETLK, flock.address()));
        } finally {
            Reference.reachabilityFence(flock);
        }
    }

    private static MemorySegment flock(short type, long start, long length) {
        MemorySegment flock = Arena.ofAuto().allocate(FLOCK_SIZE, Long.BYTES);
        flock.set(JAVA_SHORT, FLOCK_TYPE, type);
        flock.set(JAVA_LONG, FLOCK_START, start);
        flock.set(JAVA_LONG, FLOCK_LEN, length);
        return flock;
    }

    /**
     * The process that holds a lock on a file, as far as this one is allowed to see: the kernel names no owner of such
     * locks, but lists under each open file those that it carries.
     *
     * @param inode the file's
     */
    public static OptionalLong holder(long inode) {
        try (Stream<Path> processes = Files.list(Path.of("/proc"))) {
            return processes
                    .filter(process -> process.getFileName().toString().matches("[0-9]+"))
                    .filter(process -> holds(process, ":" + inode + " "))
                    .mapToLong(process -> Long.parseLong(process.getFileName().toString()))
                    .findFirst();
        } catch (IOException | UncheckedIOException e) {
            return OptionalLong.empty();
        }
    }

    private static boolean holds(Path process, String inode) {
        try (Stream<Path> files = Files.list(process.resolve("fdinfo"))) {
            return files.anyMatch(file -> locks(file, inode));
        } catch (IOException | UncheckedIOException e) {
            return false; // It has ended, or belongs to somebody else.
        }
    }

    private static boolean locks(Path file, String inode) {
        try {
            // Not readString: these files have no size to tell.
            String info = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
            return info.lines().anyMatch(line -> line.startsWith("lock:") && line.contains(inode));
        } catch (IOException e) {
            return false;
        }
    }
}
