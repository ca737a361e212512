package vmm.kvm;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import vmm.bus.Doorbells;
import vmm.kvm.KvmAbi.IoEventFd;
import vmm.kvm.KvmAbi.MemoryRegion;
import vmm.kvm.KvmAbi.PitConfig;
import vmm.kvm.KvmAbi.ReinjectControl;
import vmm.linux.Descriptor;
import vmm.linux.EventFd;
import vmm.linux.HostException;
import vmm.memory.GuestMemory;
import vmm.memory.MemorySlots;

/**
 * A virtual machine in the kernel: its memory, its interrupt controllers and its doorbells.
 *
 * <p>Set it up from one thread; doorbells and interrupts may be used by any. Close it after its vCPUs.
 */
public final class VirtualMachine implements Doorbells, MemorySlots, AutoCloseable {
    /**
     * Four pages that Intel processors need to run real mode, where no PC has RAM or devices, and below the largest
     * firmware.
     */
    public static final long RESERVED_START = 0xFEFF_C000L;

    /** How many bytes there are from {@link #RESERVED_START}. */
    public static final long RESERVED_SIZE = 0x4000;

    private static final long IDENTITY_MAP_ADDRESS = RESERVED_START;
    private static final long TSS_ADDRESS = RESERVED_START + 0x1000;

    private final Descriptor descriptor;
    private final int runSize;
    private final KvmInterrupts interrupts;

    /** The numbers of the memory slots in use. Guarded by itself. */
    private final BitSet slots = new BitSet();

    VirtualMachine(Descriptor descriptor, int runSize, int mostRoutes) {
        this.descriptor = descriptor;
        this.runSize = runSize;
        this.interrupts = new KvmInterrupts(descriptor, mostRoutes);
    }

    /** Lets the guest see {@code memory}, which must stay open as long as this machine. */
    public void map(GuestMemory memory) {
        for (GuestMemory.Region ram : memory.regions()) {
            map(ram.start(), memory.slice(ram.start(), ram.size()), Access.READ_WRITE);
        }
    }

    @Override
    public Slot map(long address, MemorySegment host, Access access) {
        synchronized (slots) {
            int slot = slots.nextClearBit(0);
            expect(
                    setMemory(slot, address, host.byteSize(), host.address(), access),
                    "give the guest " + (host.byteSize() >> 10) + " KiB of memory");
            slots.set(slot);
            return () -> unmap(slot, address, host.address());
        }
    }

    private void unmap(int slot, long address, long host) {
        synchronized (slots) {
            expect(setMemory(slot, address, 0, host, Access.READ_WRITE), "take memory from the guest");
            slots.clear(slot);
        }
    }

    private int setMemory(int slot, long address, long size, long host, Access access) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment region = arena.allocate(MemoryRegion.SIZE, Long.BYTES);
            region.set(JAVA_INT, MemoryRegion.SLOT, slot);
            region.set(JAVA_INT, MemoryRegion.FLAGS, access == Access.READ_ONLY ? MemoryRegion.FLAG_READONLY : 0);
            region.set(JAVA_LONG, MemoryRegion.GUEST_PHYS_ADDR, address);
            region.set(JAVA_LONG, MemoryRegion.MEMORY_SIZE, size);
            region.set(JAVA_LONG, MemoryRegion.USERSPACE_ADDR, host);
            return descriptor.ioctl(KvmAbi.KVM_SET_USER_MEMORY_REGION, region);
        }
    }

    /**
     * Puts a PC's interrupt controllers (two 8259, an I/O APIC, a local APIC for each vCPU) and its timer (8254) into
     * the kernel. Call before the first {@link #createVcpu}.
     */
    public void createInterruptControllers() {
        try (Arena arena = Arena.ofConfined()) {
            expect(descriptor.ioctl(KvmAbi.KVM_SET_TSS_ADDR, TSS_ADDRESS), "place the real-mode task state");
            MemorySegment address = arena.allocate(JAVA_LONG);
            address.set(JAVA_LONG, 0, IDENTITY_MAP_ADDRESS);
            expect(descriptor.ioctl(KvmAbi.KVM_SET_IDENTITY_MAP_ADDR, address), "place the real-mode page table");
            expect(descriptor.ioctl(KvmAbi.KVM_CREATE_IRQCHIP, 0), "create the interrupt controllers");
            MemorySegment pit = arena.allocate(PitConfig.SIZE, Long.BYTES);
            pit.set(JAVA_INT, PitConfig.FLAGS, PitConfig.FLAG_SPEAKER_DUMMY);
            expect(descriptor.ioctl(KvmAbi.KVM_CREATE_PIT2, pit), "create the timer");
            // Ticks that the guest was too late for are lost, as on silicon. To make up for them KVM would raise one
            // right after the other, and would have to watch each interrupt, which keeps it from using AVIC.
            MemorySegment control = arena.allocate(ReinjectControl.SIZE);
            control.set(JAVA_BYTE, ReinjectControl.PIT_REINJECT, (byte) 0);
            expect(descriptor.ioctl(KvmAbi.KVM_REINJECT_CONTROL, control), "set the timer up");
        }
    }

    /** The machine's interrupts. */
    public KvmInterrupts interrupts() {
        return interrupts;
    }

    /**
     * Adds a vCPU. The first one starts at the reset vector; the others wait for its start-up message if the machine
     * has interrupt controllers.
     *
     * @param id its number and APIC ID, from 0
     */
    public Vcpu createVcpu(int id) {
        int fd = descriptor.ioctl(KvmAbi.KVM_CREATE_VCPU, id);
        if (fd < 0) {
            throw HostException.ofErrno("create vCPU " + id, -fd);
        }
        return new Vcpu(id, new Descriptor(fd), runSize);
    }

    @Override
    public Doorbell connect(Space space, long address, int length, long match, EventFd bell) {
        int flags = (space == Space.PORT ? IoEventFd.FLAG_PIO : 0)
                | (length != 0 && match != ANY_VALUE ? IoEventFd.FLAG_DATAMATCH : 0);
        String action = "connect a doorbell at 0x" + Long.toHexString(address);
        expect(ioEventFd(address, length, match, bell, flags), action);
        return () -> ioEventFd(address, length, match, bell, flags | IoEventFd.FLAG_DEASSIGN);
    }

    private int ioEventFd(long address, int length, long match, EventFd bell, int flags) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment structure = arena.allocate(IoEventFd.SIZE, Long.BYTES);
            structure.set(JAVA_LONG, IoEventFd.DATAMATCH, match);
            structure.set(JAVA_LONG, IoEventFd.ADDR, address);
            structure.set(JAVA_INT, IoEventFd.LEN, length);
            structure.set(JAVA_INT, IoEventFd.FD, bell.fd());
            structure.set(JAVA_INT, IoEventFd.FLAGS, flags);
            return descriptor.ioctl(KvmAbi.KVM_IOEVENTFD, structure);
        }
    }

    private static void expect(int result, String action) {
        Kvm.expect(result, action);
    }

    @Override
    public void close() {
        descriptor.close();
    }
}
