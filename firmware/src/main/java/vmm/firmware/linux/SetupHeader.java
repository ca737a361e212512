package vmm.firmware.linux;

import java.nio.ByteBuffer;
import vmm.firmware.boot.BootFile;
import vmm.firmware.boot.MemoryMap;
import vmm.linux.HostException;

/**
 * What a bzImage says about itself (Documentation/arch/x86/boot.rst, "The Real-Mode Kernel Header"), checked.
 *
 * @param bytes the header itself, from offset {@link #START} of the file on
 * @param payload offset in the file of what is loaded at {@code address}
 * @param payloadSize its length in bytes
 * @param address where the kernel wants to be loaded, guest physical
 * @param memorySize bytes from {@code address} that the kernel needs before it knows the memory map
 * @param initrdLimit the first address that an initrd may not reach
 * @param commandLineLimit bytes that a command line may have, without the zero after it
 */
record SetupHeader(
        ByteBuffer bytes,
        long payload,
        long payloadSize,
        long address,
        long memorySize,
        long initrdLimit,
        long commandLineLimit) {
    /** Where the header begins in the file, and in boot_params. */
    static final int START = 0x1f1;

    /** Where boot_params has room for the header up to. */
    private static final int LIMIT = 0x290;

    private static final int SETUP_SECTS = 0x1f1;
    private static final int SYSSIZE = 0x1f4;
    private static final int BOOT_FLAG = 0x1fe;
    private static final int JUMP = 0x200;
    private static final int MAGIC = 0x202;
    private static final int VERSION = 0x206;
    private static final int LOADFLAGS = 0x211;
    private static final int INITRD_ADDR_MAX = 0x22c;
    private static final int XLOADFLAGS = 0x236;
    private static final int CMDLINE_SIZE = 0x238;
    private static final int PREF_ADDRESS = 0x258;
    private static final int INIT_SIZE = 0x260;

    /** Where the header of protocol 2.12 ends. */
    private static final int END_2_12 = 0x268;

    private static final int BOOT_MAGIC = 0xaa55;
    private static final int HEADER_MAGIC = 0x5372_6448; // "HdrS"
    private static final int VERSION_2_12 = 0x20c;
    private static final int LOADED_HIGH = 1;
    private static final int XLF_KERNEL_64 = 1;
    private static final int SECTOR = 512;

    /** How many bytes of a file tell whether it is a bzImage, and all that its header says. */
    static final int HEAD = LIMIT;

    /** The 64-bit entry, in bytes from where the kernel is loaded. */
    static final int ENTRY_64 = 0x200;

    /** True if a file that begins with these bytes has the header of a bzImage, of whatever version. */
    static boolean isPresent(ByteBuffer head) {
        return head.limit() >= VERSION + 2
                && (head.getShort(BOOT_FLAG) & 0xffff) == BOOT_MAGIC
                && head.getInt(MAGIC) == HEADER_MAGIC;
    }

    /**
     * Reads the header of a file that has one.
     *
     * @throws HostException if this kernel cannot be started in 64-bit mode, or the header cannot be true
     */
    static SetupHeader read(BootFile file) {
        ByteBuffer head = file.head(HEAD);
        int version = head.getShort(VERSION) & 0xffff;
        if (version < VERSION_2_12) {
            throw new HostException("The kernel " + file.path() + " speaks boot protocol " + (version >> 8) + "."
                    + (version & 0xff) + ": give one that speaks 2.12 or newer (Linux 3.8 and later).");
        }
        int end = JUMP + 2 + (head.get(JUMP + 1) & 0xff); // the jump around the header tells where it ends
        if (head.limit() < END_2_12 || end < END_2_12) {
            throw damaged(file);
        }
        if ((head.getShort(XLOADFLAGS) & XLF_KERNEL_64) == 0 || (head.get(LOADFLAGS) & LOADED_HIGH) == 0) {
            throw new HostException(
                    "The kernel " + file.path() + " has no 64-bit entry: give one that is built for x86-64.");
        }
        int sectors = head.get(SETUP_SECTS) & 0xff;
        long payload = (long) ((sectors == 0 ? 4 : sectors) + 1) * SECTOR; // boot.rst: 0 means 4
        long payloadSize = file.size() - payload;
        if (payloadSize < Integer.toUnsignedLong(head.getInt(SYSSIZE)) * 16 || payloadSize <= ENTRY_64) {
            throw new HostException("The kernel " + file.path() + " is cut off after " + file.size()
                    + " bytes: get it again from where it came from.");
        }
        long address = head.getLong(PREF_ADDRESS);
        if (address < MemoryMap.KERNEL_START || address >>> 32 != 0) {
            throw damaged(file);
        }
        return new SetupHeader(
                head.slice(START, Math.min(end, Math.min(LIMIT, head.limit())) - START),
                payload,
                payloadSize,
                address,
                Math.max(Integer.toUnsignedLong(head.getInt(INIT_SIZE)), payloadSize),
                Integer.toUnsignedLong(head.getInt(INITRD_ADDR_MAX)) + 1,
                Integer.toUnsignedLong(head.getInt(CMDLINE_SIZE)));
    }

    private static HostException damaged(BootFile file) {
        return new HostException(
                "The kernel " + file.path() + " has a damaged header: get it again from where it came from.");
    }
}
