package vmm.firmware.multiboot;

import java.nio.ByteBuffer;
import java.util.Optional;
import vmm.firmware.boot.BootFile;
import vmm.firmware.boot.ElfImage;
import vmm.linux.HostException;

/**
 * What a kernel says of itself to a Multiboot loader (Multiboot 0.6.96 3.1).
 *
 * @param offset in the file
 * @param flags what it wants, and which of the fields below count
 * @param headerAddress where the header itself is to be
 * @param loadAddress where the file's part that is loaded begins
 * @param loadEnd where it ends, 0 if it is all the rest of the file
 * @param bssEnd where what is to be zeros after it ends, 0 if there is nothing
 * @param entry where the kernel begins
 */
record MultibootHeader(
        int offset, int flags, long headerAddress, long loadAddress, long loadEnd, long bssEnd, long entry) {
    private static final int MAGIC = 0x1BADB002;

    /** The header is in the first 8192 bytes, as a whole. */
    private static final int SEARCHED = 8192;

    private static final int BASE_SIZE = 12;
    private static final int SIZE_WITH_ADDRESSES = 32;

    /** Modules have to be aligned to pages, as they always are here. */
    private static final int PAGE_ALIGN = 1 << 0;

    /** The kernel has to be told of memory, as it always is here. */
    private static final int MEMORY_INFO = 1 << 1;

    private static final int VIDEO_MODE = 1 << 2;

    /** The flags that a loader must follow or refuse. */
    private static final int REQUIREMENTS = 0xFFFF;

    private static final int ADDRESSES = 1 << 16;

    /** The first header of a file, if there is one. */
    static Optional<MultibootHeader> find(BootFile kernel) {
        ByteBuffer head = kernel.head(SEARCHED);
        for (int at = 0; at + BASE_SIZE <= head.limit(); at += Integer.BYTES) {
            int flags = head.getInt(at + 4);
            if (head.getInt(at) == MAGIC && MAGIC + flags + head.getInt(at + 8) == 0) {
                boolean addresses = (flags & ADDRESSES) != 0 && at + SIZE_WITH_ADDRESSES <= head.limit();
                return Optional.of(new MultibootHeader(
                        at,
                        flags,
                        addresses ? unsigned(head, at + 12) : 0,
                        addresses ? unsigned(head, at + 16) : 0,
                        addresses ? unsigned(head, at + 20) : 0,
                        addresses ? unsigned(head, at + 24) : 0,
                        addresses ? unsigned(head, at + 28) : 0));
            }
        }
        return Optional.empty();
    }

    private static long unsigned(ByteBuffer bytes, int at) {
        return Integer.toUnsignedLong(bytes.getInt(at));
    }

    /** True if the header says itself where the kernel goes, which then need not be an ELF. */
    boolean hasAddresses() {
        return (flags & ADDRESSES) != 0;
    }

    /**
     * Refuses what no kernel can be given here.
     *
     * @throws HostException with what that is
     */
    void checkRequirements(BootFile kernel) {
        if ((flags & VIDEO_MODE) != 0) {
            throw new HostException("The kernel " + kernel.path()
                    + " wants a video mode of its Multiboot loader, and this machine has no display: build it for a"
                    + " serial console, without flag 2 in its Multiboot header.");
        }
        int unknown = flags & REQUIREMENTS & ~(PAGE_ALIGN | MEMORY_INFO);
        if (unknown != 0) {
            throw new HostException("The kernel " + kernel.path() + " wants 0x" + Integer.toHexString(unknown)
                    + " of its Multiboot loader, flags that Multiboot 1 does not define: give a kernel for Multiboot"
                    + " 1.");
        }
    }

    /**
     * The part of the file that the addresses say is to be loaded.
     *
     * @throws HostException if they contradict each other or the file
     */
    ElfImage.Load segment(BootFile kernel) {
        long start = offset - (headerAddress - loadAddress);
        if (loadAddress > headerAddress || start < 0) {
            throw damaged(kernel);
        }
        long end = loadEnd == 0 ? loadAddress + kernel.size() - start : loadEnd;
        long zerosEnd = bssEnd == 0 ? end : bssEnd;
        if (end < loadAddress || zerosEnd < end || end - loadAddress > kernel.size() - start) {
            throw damaged(kernel);
        }
        return new ElfImage.Load(start, end - loadAddress, loadAddress, zerosEnd - loadAddress);
    }

    private static HostException damaged(BootFile kernel) {
        return new HostException("The kernel " + kernel.path()
                + " has a damaged Multiboot header: get it again from where it came from.");
    }
}
