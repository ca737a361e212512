package vmm.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * What direct I/O on a file asks of a request.
 *
 * @param memory what addresses of buffers must be multiples of, in bytes, a power of two
 * @param offset what offsets in the file, and lengths of buffers, must be multiples of, in bytes, a power of two
 */
public record DirectIo(int memory, int offset) {
    private static final int AT_EMPTY_PATH = 0x1000;
    private static final int STATX_DIOALIGN = 0x2000;

    // struct statx { __u32 stx_mask; ... __u32 stx_dio_mem_align; __u32 stx_dio_offset_align; ... };
    static final int STATX_MASK = 0;
    static final int STATX_DIO_MEM_ALIGN = 152;
    static final int STATX_DIO_OFFSET_ALIGN = 156;

    private static final int LEAST = 512;
    private static final int MOST = 4096;

    /** No device has ever asked for more. */
    private static final DirectIo SAFE = new DirectIo(MOST, MOST);

    /**
     * What a file wants that was made {@linkplain FileIo#makeDirect direct}: the file system tells (Linux 6.1), or a
     * block device does, or reads at the file's beginning do.
     */
    public static DirectIo of(int fd) {
        MemorySegment status = Arena.ofAuto().allocate(FileStatus.STATX_SIZE, Long.BYTES);
        if (Libc.statx(fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, status.address()) == 0
                && (status.get(JAVA_INT, STATX_MASK) & STATX_DIOALIGN) != 0
                && status.get(JAVA_INT, STATX_DIO_OFFSET_ALIGN) > 0) {
            return new DirectIo(
                    status.get(JAVA_INT, STATX_DIO_MEM_ALIGN), status.get(JAVA_INT, STATX_DIO_OFFSET_ALIGN));
        }
        int block = BlockControl.logicalBlockSize(fd);
        return block > 0 ? new DirectIo(block, block) : found(fd);
    }

    private static DirectIo found(int fd) {
        MemorySegment buffer = Arena.ofAuto().allocate(2L * MOST, MOST);
        for (int size = LEAST; size <= MOST; size *= 2) {
            // One multiple of the size, and of no more.
            if (works(fd, buffer.asSlice(size, size))) {
                return new DirectIo(size, size);
            }
        }
        return SAFE;
    }

    private static boolean works(int fd, MemorySegment buffer) {
        IoVector vector = new IoVector(1);
        vector.add(buffer.address(), buffer.byteSize());
        return FileIo.readv(fd, vector, 0) >= 0;
    }

    /** True if a request can go to the file as it is. */
    public boolean accepts(IoVector data, long at) {
        return (at & (offset - 1)) == 0 && data.isAligned(memory - 1, offset - 1);
    }
}
