package vmm.firmware.boot;

import java.nio.charset.StandardCharsets;
import vmm.kvm.Segment;
import vmm.linux.HostException;
import vmm.memory.GuestMemory;

/**
 * Where a boot protocol's own data lies in conventional memory, below every kernel, and the parts of it that all
 * protocols share. Addresses are guest physical.
 */
public final class BootData {
    /** The GDT, in the page after the BIOS data area. */
    public static final long GDT = 0x1000;

    /** Where the first stack begins, growing down to the GDT. */
    public static final long STACK = 0x6000;

    /** What the kernel is handed: Linux's boot_params, or PVH's start info and the lists that it refers to. */
    public static final long PARAMETERS = 0x7000;

    /** Page tables, for protocols that begin with paging. */
    public static final long PAGE_TABLES = 0x9000;

    /** The command line. */
    public static final long COMMAND_LINE = 0x2_0000;

    /** How long a command line may be at the most, in bytes, with its terminating zero. */
    public static final int COMMAND_LINE_SIZE = 0x1_0000;

    /** The code segment's selector: that of Linux's boot protocol, whose __BOOT_CS it is. */
    public static final int CODE_SELECTOR = 0x10;

    /** The data segment's selector: __BOOT_DS of Linux's boot protocol. */
    public static final int DATA_SELECTOR = 0x18;

    private static final int TASK_SELECTOR = 0x20;

    /** 32-bit code, executable and readable, 4 GiB from 0. */
    public static final long CODE_32 = 0x00cf_9b00_0000_ffffL;

    /** 64-bit code. */
    public static final long CODE_64 = 0x00af_9b00_0000_ffffL;

    private static final long DATA = 0x00cf_9300_0000_ffffL;

    /** A busy 32-bit or, in long mode, 64-bit TSS of 0x68 bytes from 0. */
    private static final long TASK = 0x0000_8b00_0000_0067L;

    /** Two descriptors that are not used, code, data, and a TSS of two descriptors. */
    private static final int GDT_SIZE = 6 * Long.BYTES;

    private static final int PAGE = 4096;

    private BootData() {}

    /** The segments of a flat memory model, and the GDT that has them. */
    public record Segments(Segment code, Segment data, Segment task, long gdtBase, int gdtLimit) {}

    /**
     * Writes the GDT.
     *
     * @param code the code segment's descriptor, {@link #CODE_32} or {@link #CODE_64}
     */
    public static Segments writeGdt(GuestMemory memory, long code) {
        memory.write(GDT, new byte[GDT_SIZE]);
        memory.putLong(GDT + CODE_SELECTOR, code);
        memory.putLong(GDT + DATA_SELECTOR, DATA);
        memory.putLong(GDT + TASK_SELECTOR, TASK);
        return new Segments(
                Segment.of(CODE_SELECTOR, code),
                Segment.of(DATA_SELECTOR, DATA),
                Segment.of(TASK_SELECTOR, TASK),
                GDT,
                GDT_SIZE - 1);
    }

    /**
     * Writes the command line and a zero after it.
     *
     * @param limit how many bytes the kernel takes, without the zero
     * @throws HostException if it is longer
     */
    public static void writeCommandLine(GuestMemory memory, String commandLine, long limit) {
        byte[] bytes = commandLine.getBytes(StandardCharsets.UTF_8);
        long most = Math.min(limit, COMMAND_LINE_SIZE - 1);
        if (bytes.length > most) {
            throw new HostException("The kernel's command line has " + bytes.length + " bytes, and this kernel takes "
                    + most + ": shorten --append.");
        }
        memory.write(COMMAND_LINE, bytes);
        memory.putByte(COMMAND_LINE + bytes.length, 0);
    }

    /**
     * Copies an initrd to the highest place that it may have below the PCI hole, on a page boundary.
     *
     * @param kernelEnd the first address after what the kernel needs
     * @param limit the first address that the initrd may not reach
     * @return where it begins
     * @throws HostException if it does not fit
     */
    public static long placeInitrd(GuestMemory memory, BootFile initrd, long kernelEnd, long limit) {
        long lowEnd = lowEnd(memory);
        long end = Math.min(lowEnd, limit);
        long start = (end - initrd.size()) & -PAGE;
        if (start < kernelEnd) {
            long room = Math.max(end - kernelEnd, 0);
            String remedy = kernelEnd + initrd.size() < Math.min(limit, GuestMemory.HOLE_START)
                    ? "give the guest at least " + BootFile.mebibytes(kernelEnd + initrd.size() + PAGE) + " of memory"
                    : "make it smaller";
            throw new HostException("The initrd " + initrd.path() + " has " + initrd.size()
                    + " bytes and does not fit into the " + room + " bytes that the kernel leaves free: " + remedy
                    + ".");
        }
        initrd.copyTo(memory, start, 0, initrd.size());
        return start;
    }

    /** The first address after the RAM below the PCI hole. */
    public static long lowEnd(GuestMemory memory) {
        return memory.regions().getFirst().size();
    }
}
