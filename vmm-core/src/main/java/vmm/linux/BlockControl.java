package vmm.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What block devices can be asked and told beyond reading and writing ({@code linux/fs.h}). */
public final class BlockControl {
    /** The size of what {@link #discard} takes. */
    public static final int RANGE_SIZE = 2 * Long.BYTES;

    private static final long BLKSSZGET = 0x1268;
    private static final long BLKDISCARD = 0x1277;

    private static final int AT_EMPTY_PATH = 0x1000;

    // struct statx { ... __u32 stx_rdev_major, stx_rdev_minor; ... };
    static final int STATX_RDEV_MAJOR = 128;
    static final int STATX_RDEV_MINOR = 132;

    private BlockControl() {}

    /** The device's logical block in bytes, or a negative error number. */
    public static int logicalBlockSize(int fd) {
        MemorySegment answer = Arena.ofAuto().allocate(JAVA_INT);
        int result = Libc.orErrno(Libc.ioctl(fd, BLKSSZGET, answer.address()));
        return result < 0 ? result : answer.get(JAVA_INT, 0);
    }

    /**
     * The unit in bytes in which the device takes discards; 0 if it takes none.
     *
     * @param fd an open block device
     */
    public static int discardGranularity(int fd) {
        MemorySegment status = Arena.ofAuto().allocate(FileStatus.STATX_SIZE, Long.BYTES);
        if (Libc.statx(fd, "", AT_EMPTY_PATH, 0, status.address()) < 0) {
            return 0;
        }
        Path device = Path.of("/sys/dev/block/" + status.get(JAVA_INT, STATX_RDEV_MAJOR) + ":"
                + status.get(JAVA_INT, STATX_RDEV_MINOR));
        // A partition has no queue of its own.
        for (Path folder : List.of(device, device.resolve(".."))) {
            try {
                return Integer.parseInt(Files.readString(folder.resolve("queue/discard_granularity"))
                        .strip());
            } catch (IOException | NumberFormatException e) {
                // The next one may tell.
            }
        }
        return 0;
    }

    /**
     * Tells the device that a range is of no use any more, and waits until it knows.
     *
     * @param range room for {@link #RANGE_SIZE} bytes
     * @param offset in bytes, a multiple of the logical block
     * @param length in bytes, a multiple of it, too
     * @return 0 or a negative error number, EOPNOTSUPP if the device has no use for that
     */
    public static int discard(int fd, MemorySegment range, long offset, long length) {
        range.set(JAVA_LONG, 0, offset);
        range.set(JAVA_LONG, Long.BYTES, length);
        try {
            return Libc.orErrno(Libc.ioctl(fd, BLKDISCARD, range.address()));
        } finally {
            Reference.reachabilityFence(range);
        }
    }
}
