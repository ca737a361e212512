package vmm.memory;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import vmm.linux.Mapping;

/**
 * The guest's physical memory: RAM below {@value #HOLE_START_GIB} GiB, then a hole for PCI up to 4 GiB, then the rest
 * of the RAM.
 *
 * <p>The host reserves one stretch of address space as long as the guest's, hole included, so guest physical address
 * {@code a} is always at host address {@code base + a}. Numbers are little-endian. Every access is checked: one that is
 * not wholly inside RAM throws {@link GuestFaultException}. Any thread may call; the guest's own processors write at
 * the same time, so a value that matters is read once.
 */
public final class GuestMemory implements AutoCloseable {
    /** Where RAM below 4 GiB ends at the latest, in GiB. */
    public static final int HOLE_START_GIB = 3;

    /** Where RAM below 4 GiB ends at the latest, and the window of PCI devices begins. */
    public static final long HOLE_START = (long) HOLE_START_GIB << 30;

    /** Where RAM goes on after the hole: 4 GiB. */
    public static final long HIGH_START = 4L << 30;

    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle ORDERED_SHORT = ValueLayout.JAVA_SHORT
            .withOrder(ByteOrder.LITTLE_ENDIAN)
            .varHandle()
            .withInvokeExactBehavior();
    private static final VarHandle ORDERED_LONG =
            ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle().withInvokeExactBehavior();

    /** A stretch of RAM: {@code size} bytes from guest physical address {@code start}. */
    public record Region(long start, long size) {}

    private final MemorySegment bytes;
    private final Runnable release;
    private final long size;
    private final long lowEnd;
    private final long highEnd;

    private GuestMemory(MemorySegment bytes, long size, Runnable release) {
        this.bytes = bytes;
        this.release = release;
        this.size = size;
        this.lowEnd = Math.min(size, HOLE_START);
        this.highEnd = spaceFor(size);
    }

    private static long spaceFor(long size) {
        return size <= HOLE_START ? size : HIGH_START + size - HOLE_START;
    }

    /**
     * Memory that a virtual machine can be given. It takes no room on the host before it is touched.
     *
     * @param size in bytes, a positive multiple of 4096
     * @throws vmm.linux.HostException if the host cannot reserve it
     */
    public static GuestMemory allocate(long size) {
        checkSize(size);
        Mapping mapping = Mapping.reserve(spaceFor(size));
        GuestMemory memory = new GuestMemory(mapping.segment(), size, mapping::close);
        for (Region region : memory.regions()) {
            mapping.commit(region.start, region.size);
        }
        return memory;
    }

    /**
     * Memory of the Java process alone, for devices that are driven without a virtual machine.
     *
     * @param size in bytes, a positive multiple of 4096, at most {@link #HOLE_START}
     */
    public static GuestMemory detached(long size) {
        checkSize(size);
        if (size > HOLE_START) {
            throw new IllegalArgumentException("Detached memory has no hole, so it ends at " + HOLE_START + " bytes.");
        }
        return new GuestMemory(Arena.ofAuto().allocate(size, 4096), size, () -> {});
    }

    private static void checkSize(long size) {
        if (size <= 0 || size % 4096 != 0) {
            throw new IllegalArgumentException("Memory of " + size + " bytes is no positive multiple of 4096.");
        }
    }

    /** All RAM in bytes. */
    public long size() {
        return size;
    }

    /** The stretches of RAM, lowest first: one, or two around the hole. */
    public List<Region> regions() {
        List<Region> regions = new ArrayList<>();
        regions.add(new Region(0, lowEnd));
        if (highEnd > HIGH_START) {
            regions.add(new Region(HIGH_START, highEnd - HIGH_START));
        }
        return regions;
    }

    /** The first address after all RAM, at least 4 GiB if there is RAM above the hole. */
    public long end() {
        return highEnd;
    }

    /** True if {@code length} bytes from {@code address} are RAM and do not cross the hole. */
    public boolean contains(long address, long length) {
        if (address < 0 || length < 0) {
            return false;
        }
        return address <= lowEnd
                ? length <= lowEnd - address
                : address >= HIGH_START && address <= highEnd && length <= highEnd - address;
    }

    /**
     * Where the kernel finds guest memory in this process.
     *
     * @param address guest physical
     * @param length in bytes: that many from the result are RAM
     * @throws GuestFaultException if they are not
     */
    public long hostAddress(long address, long length) {
        return bytes.address() + check(address, length);
    }

    /** The byte at {@code address}, unsigned. */
    public int getByte(long address) {
        return bytes.get(JAVA_BYTE, check(address, 1)) & 0xff;
    }

    /** Sets the byte at {@code address} to the low 8 bits of {@code value}. */
    public void putByte(long address, int value) {
        bytes.set(JAVA_BYTE, check(address, 1), (byte) value);
    }

    /** The 16 bits at {@code address}, unsigned. */
    public int getShort(long address) {
        return bytes.get(SHORT, check(address, 2)) & 0xffff;
    }

    /** Sets the 16 bits at {@code address} to the low 16 bits of {@code value}. */
    public void putShort(long address, int value) {
        bytes.set(SHORT, check(address, 2), (short) value);
    }

    /** The 32 bits at {@code address}. */
    public int getInt(long address) {
        return bytes.get(INT, check(address, 4));
    }

    /** Sets the 32 bits at {@code address}. */
    public void putInt(long address, int value) {
        bytes.set(INT, check(address, 4), value);
    }

    /** The 64 bits at {@code address}. */
    public long getLong(long address) {
        return bytes.get(LONG, check(address, 8));
    }

    /** Sets the 64 bits at {@code address}. */
    public void putLong(long address, long value) {
        bytes.set(LONG, check(address, 8), value);
    }

    /**
     * The 16 bits at an even {@code address}, unsigned: whatever the guest wrote before it wrote them is seen by reads
     * after this one (an acquire).
     */
    public int getShortAcquire(long address) {
        return (short) ORDERED_SHORT.getAcquire(bytes, checkAligned(address, 2)) & 0xffff;
    }

    /**
     * Sets the 16 bits at an even {@code address}: a guest that sees them sees all that was written before (a release).
     */
    public void putShortRelease(long address, int value) {
        ORDERED_SHORT.setRelease(bytes, checkAligned(address, 2), (short) value);
    }

    /** The 64 bits at an {@code address} that is a multiple of 8, read at once. See {@link #getShortAcquire}. */
    public long getLongAcquire(long address) {
        return (long) ORDERED_LONG.getAcquire(bytes, checkAligned(address, 8));
    }

    /** Sets the 64 bits at an {@code address} that is a multiple of 8 at once. See {@link #putShortRelease}. */
    public void putLongRelease(long address, long value) {
        ORDERED_LONG.setRelease(bytes, checkAligned(address, 8), value);
    }

    /** Copies guest memory into {@code target}. */
    public void read(long address, byte[] target, int start, int length) {
        MemorySegment.copy(bytes, JAVA_BYTE, check(address, length), target, start, length);
    }

    /** Copies {@code source} into guest memory. */
    public void write(long address, byte[] source, int start, int length) {
        MemorySegment.copy(source, start, bytes, JAVA_BYTE, check(address, length), length);
    }

    /** Copies all of {@code source} into guest memory. */
    public void write(long address, byte[] source) {
        write(address, source, 0, source.length);
    }

    /**
     * A view of guest memory.
     *
     * @throws GuestFaultException if the range is not wholly RAM
     */
    public MemorySegment slice(long address, long length) {
        return bytes.asSlice(check(address, length), length);
    }

    private long check(long address, long length) {
        if (!contains(address, length)) {
            throw outside(address, length);
        }
        return address;
    }

    private long checkAligned(long address, int size) {
        if ((address & (size - 1)) != 0) {
            throw new GuestFaultException(
                    "Address 0x" + Long.toHexString(address) + " is no multiple of " + size + ".");
        }
        return check(address, size);
    }

    private static GuestFaultException outside(long address, long length) {
        return new GuestFaultException(
                length + " bytes at guest address 0x" + Long.toHexString(address) + " are not in its memory.");
    }

    /** Gives the memory back. After the virtual machine and every thread that uses this object have ended. */
    @Override
    public void close() {
        release.run();
    }
}
