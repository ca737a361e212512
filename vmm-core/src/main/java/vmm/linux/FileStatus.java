package vmm.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * What a path or an open file is.
 *
 * @param errno 0, or the positive error number that says why nothing is known
 * @param kind what it is
 * @param size in bytes; of a block device only if asked by descriptor
 * @param inode its number within its file system
 * @param blockSize the file system's preferred unit in bytes
 * @param allocated how much storage it has, in bytes
 * @param available how much more its file system has for this user, in bytes; only if asked by descriptor
 * @param inMemory true if it lives in memory (tmpfs, ramfs), so that reading and writing it does not wait; only if
 *     asked by descriptor
 */
public record FileStatus(
        int errno, Kind kind, long size, long inode, int blockSize, long allocated, long available, boolean inMemory) {
    /** Kinds of files that a disk image may turn out to be. */
    public enum Kind {
        /** A regular file. */
        FILE,
        /** A block device. */
        BLOCK_DEVICE,
        /** A directory. */
        DIRECTORY,
        /** A terminal, pipe, socket or another character device. */
        OTHER
    }

    private static final int AT_FDCWD = -100;
    private static final int AT_EMPTY_PATH = 0x1000;
    private static final int STATX_TYPE_INO_SIZE_BLOCKS = 0x1 | 0x100 | 0x200 | 0x400;

    /** The unit of stx_blocks, whatever the file system's blocks are. */
    private static final long SECTOR = 512;

    // struct statx { ... __u32 stx_blksize; ... __u16 stx_mode; ... __u64 stx_ino; __u64 stx_size; __u64 stx_blocks;
    // ... };
    static final int STATX_SIZE = 256;
    static final int STATX_BLKSIZE = 4;
    static final int STATX_MODE = 28;
    static final int STATX_INO = 32;
    static final int STATX_FILE_SIZE = 40;
    static final int STATX_BLOCKS = 48;

    // struct statfs { __fsword_t f_type; ... fsblkcnt_t f_bavail; ... __fsword_t f_frsize; ... };
    static final int STATFS_SIZE = 120;
    static final int STATFS_TYPE = 0;
    static final int STATFS_BAVAIL = 32;
    static final int STATFS_FRSIZE = 72;

    private static final int S_IFMT = 0xF000;
    private static final int S_IFREG = 0x8000;
    private static final int S_IFBLK = 0x6000;
    private static final int S_IFDIR = 0x4000;

    private static final long TMPFS_MAGIC = 0x01021994L;
    private static final long RAMFS_MAGIC = 0x858458f6L;
    private static final long BLKGETSIZE64 = 0x80081272L;

    /** What is at {@code path}, followed through links. */
    public static FileStatus of(String path) {
        return statx(AT_FDCWD, path, 0);
    }

    /** What an open file is. */
    public static FileStatus of(int fd) {
        FileStatus status = statx(fd, "", AT_EMPTY_PATH);
        if (status.errno != 0) {
            return status;
        }
        long size = status.size;
        if (status.kind == Kind.BLOCK_DEVICE) {
            MemorySegment answer = Arena.ofAuto().allocate(JAVA_LONG);
            if (Libc.ioctl(fd, BLKGETSIZE64, answer.address()) < 0) {
                return unknown(Libc.errno());
            }
            size = answer.get(JAVA_LONG, 0);
        }
        MemorySegment system = Arena.ofAuto().allocate(STATFS_SIZE, Long.BYTES);
        if (Libc.fstatfs(fd, system.address()) < 0) {
            return unknown(Libc.errno());
        }
        // A device's node lives in devtmpfs, whose number is that of tmpfs; its data does not.
        long type = Integer.toUnsignedLong(system.get(JAVA_INT, STATFS_TYPE));
        boolean inMemory = status.kind == Kind.FILE && (type == TMPFS_MAGIC || type == RAMFS_MAGIC);
        long available = system.get(JAVA_LONG, STATFS_BAVAIL) * system.get(JAVA_LONG, STATFS_FRSIZE);
        return new FileStatus(
                0, status.kind, size, status.inode, status.blockSize, status.allocated, available, inMemory);
    }

    private static FileStatus statx(int directory, String path, int flags) {
        MemorySegment buffer = Arena.ofAuto().allocate(STATX_SIZE, Long.BYTES);
        if (Libc.statx(directory, path, flags, STATX_TYPE_INO_SIZE_BLOCKS, buffer.address()) < 0) {
            return unknown(Libc.errno());
        }
        Kind kind = switch (buffer.get(JAVA_SHORT, STATX_MODE) & S_IFMT) {
            case S_IFREG -> Kind.FILE;
            case S_IFBLK -> Kind.BLOCK_DEVICE;
            case S_IFDIR -> Kind.DIRECTORY;
            default -> Kind.OTHER;
        };
        return new FileStatus(
                0,
                kind,
                buffer.get(JAVA_LONG, STATX_FILE_SIZE),
                buffer.get(JAVA_LONG, STATX_INO),
                buffer.get(JAVA_INT, STATX_BLKSIZE),
                buffer.get(JAVA_LONG, STATX_BLOCKS) * SECTOR,
                0,
                false);
    }

    private static FileStatus unknown(int errno) {
        return new FileStatus(errno, Kind.OTHER, 0, 0, 0, 0, 0, false);
    }
}
