package vmm.kvm;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import vmm.bus.Doorbells;
import vmm.kvm.KvmAbi.IoEventFd;
import vmm.kvm.KvmAbi.MemoryRegion;
import vmm.kvm.KvmAbi.PitConfig;
import vmm.linux.Descriptor;
import vmm.linux.EventFd;
import vmm.linux.HostException;
import vmm.memory.GuestMemory;

/**
 * A virtual machine in the kernel: its memory, its interrupt controllers and its doorbells.
 *
 * <p>Set it up from one thread; doorbells and interrupts may be used by any. Close it after its vCPUs.
 */
public final class VirtualMachine implements Doorbells, AutoCloseable {
    /** Three pages that Intel processors need to run real mode, where no PC has RAM or devices. */
    private static final long TSS_ADDRESS = 0xFFFB_D000L;

    private static final long IDENTITY_MAP_ADDRESS = 0xFFFB_C000L;

    private final Descriptor descriptor;
    private final int runSize;
    private final KvmInterrupts interrupts;
    private int memorySlots;

    VirtualMachine(Descriptor descriptor, int runSize, int mostRoutes) {
        this.descriptor = descriptor;
        this.runSize = runSize;
        this.interrupts = new KvmInterrupts(descriptor, mostRoutes);
    }

    /** Lets the guest see {@code memory}, which must stay open as long as this machine. */
    public void map(GuestMemory memory) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment region = arena.allocate(MemoryRegion.SIZE, Long.BYTES);
            for (GuestMemory.Region ram : memory.regions()) {
                region.set(JAVA_INT, MemoryRegion.SLOT, memorySlots++);
                region.set(JAVA_LONG, MemoryRegion.GUEST_PHYS_ADDR, ram.start());
                region.set(JAVA_LONG, MemoryRegion.MEMORY_SIZE, ram.size());
                region.set(JAVA_LONG, MemoryRegion.USERSPACE_ADDR, memory.hostAddress(ram.start(), ram.size()));
                expect(
                        descriptor.ioctl(KvmAbi.KVM_SET_USER_MEMORY_REGION, region),
                        "give the guest " + (ram.size() >> 20) + " MiB of memory");
            }
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
