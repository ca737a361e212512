package vmm.linux;

import com.sun.jna.Native;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;

/**
 * Unpacks zstd frames (RFC 8878) by the host's libzstd: a Linux has it for its own packages, and a library of ours
 * would be no safer and a good deal larger. It is loaded when it is first asked for. Any thread.
 */
public final class Zstd {
    /** Functions that are stable since libzstd 1.4.0 of 2019. */
    private static final class Library {
        static {
            Native.register(Library.class, "libzstd.so.1");
        }

        private Library() {}

        static native int ZSTD_versionNumber();

        static native long ZSTD_decompress(long target, long capacity, long source, long size);

        static native long ZSTD_findFrameCompressedSize(long source, long size);

        static native int ZSTD_isError(long result);
    }

    private Zstd() {}

    /** True if the host has the library. */
    public static boolean isAvailable() {
        try {
            return Library.ZSTD_versionNumber() >= 10400;
        } catch (LinkageError missing) {
            return false;
        }
    }

    /**
     * Unpacks frames until {@code target} is full. What follows the last of them is not looked at. Needs some 160 KiB
     * for as long as it takes, whatever the frames say, since the target is their window.
     *
     * @param source native memory
     * @param target native memory
     * @return false if the source is damaged, holds less than the target takes, or has a frame that does not end where
     *     the target does; the target's content is anything then
     */
    public static boolean unpack(MemorySegment source, MemorySegment target) {
        try {
            long from = source.address();
            long left = source.byteSize();
            long to = target.address();
            long room = target.byteSize();
            while (room > 0) {
                long frame = Library.ZSTD_findFrameCompressedSize(from, left);
                if (Library.ZSTD_isError(frame) != 0) {
                    return false;
                }
                long unpacked = Library.ZSTD_decompress(to, room, from, frame);
                if (Library.ZSTD_isError(unpacked) != 0) {
                    return false;
                }
                from += frame;
                left -= frame;
                to += unpacked;
                room -= unpacked;
            }
            return true;
        } finally {
            Reference.reachabilityFence(source);
            Reference.reachabilityFence(target);
        }
    }
}
