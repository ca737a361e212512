package vmm.kvm;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import vmm.kvm.KvmAbi.Msrs;
import vmm.kvm.KvmAbi.Regs;
import vmm.kvm.KvmAbi.Run;
import vmm.kvm.KvmAbi.Sregs;
import vmm.linux.Descriptor;
import vmm.linux.KickSignal;
import vmm.linux.Mapping;

/** One virtual processor. Belongs to one thread, which runs it and reads why it came back. */
public final class Vcpu implements AutoCloseable {
    private static final int IA32_MTRR_DEF_TYPE = 0x2FF;
    /** MTRRs on, everything write-back: what firmware leaves behind, without the fixed ranges. */
    private static final long MTRR_ENABLE_WRITE_BACK = 0x806;

    private final int id;
    private final Descriptor descriptor;
    private final Mapping shared;
    private final MemorySegment run;

    Vcpu(int id, Descriptor descriptor, int runSize) {
        this.id = id;
        this.descriptor = descriptor;
        this.shared = Mapping.shared(descriptor.fd(), runSize, 0);
        this.run = shared.segment();
    }

    /** Its number in the machine and its APIC ID. */
    public int id() {
        return id;
    }

    /** Sets what CPUID answers. Before the first {@link #run}. */
    public void setCpuid(Cpuid cpuid) {
        try (Arena arena = Arena.ofConfined()) {
            Kvm.expect(descriptor.ioctl(KvmAbi.KVM_SET_CPUID2, cpuid.encode(arena)), "set the processor's features");
        }
    }

    /** Lets {@code kick} end a {@link #run} of this thread, and only then. */
    public void letIn(KickSignal kick) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment mask = arena.allocate(Integer.BYTES + Long.BYTES, Long.BYTES);
            mask.set(JAVA_INT, 0, KickSignal.MASK_SIZE);
            mask.set(JAVA_LONG.withByteAlignment(Integer.BYTES), Integer.BYTES, kick.maskThatLetsItIn());
            Kvm.expect(descriptor.ioctl(KvmAbi.KVM_SET_SIGNAL_MASK, mask), "set a vCPU's signal mask");
        }
    }

    /** Makes all memory write-back cached where a guest's page tables do not say otherwise, as firmware does. */
    public void enableCaching() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment msrs = arena.allocate(Msrs.SIZE, Long.BYTES);
            msrs.set(JAVA_INT, Msrs.NMSRS, 1);
            msrs.set(JAVA_INT, Msrs.INDEX, IA32_MTRR_DEF_TYPE);
            msrs.set(JAVA_LONG, Msrs.DATA, MTRR_ENABLE_WRITE_BACK);
            Kvm.expect(descriptor.ioctl(KvmAbi.KVM_SET_MSRS, msrs), "set a vCPU's memory types");
        }
    }

    /** Sets all general registers. */
    public void setRegisters(GeneralRegisters registers) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment regs = arena.allocate(Regs.SIZE, Long.BYTES);
            long[] values = {
                registers.rax(), registers.rbx(), registers.rcx(), registers.rdx(),
                registers.rsi(), registers.rdi(), registers.rsp(), registers.rbp(),
                registers.r8(), registers.r9(), registers.r10(), registers.r11(),
                registers.r12(), registers.r13(), registers.r14(), registers.r15(),
                registers.rip(), registers.rflags()
            };
            MemorySegment.copy(values, 0, regs, JAVA_LONG, 0, values.length);
            Kvm.expect(descriptor.ioctl(KvmAbi.KVM_SET_REGS, regs), "set a vCPU's registers");
        }
    }

    /**
     * Has the guest know that it was not run for a while, so that its watchdogs do not take that for a hang of its own;
     * does nothing if the guest does not use KVM's clock.
     */
    void announcePause() {
        descriptor.ioctl(KvmAbi.KVM_KVMCLOCK_CTRL, 0);
    }

    /** Reads all general registers. */
    public GeneralRegisters registers() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment regs = arena.allocate(Regs.SIZE, Long.BYTES);
            Kvm.expect(descriptor.ioctl(KvmAbi.KVM_GET_REGS, regs), "read a vCPU's registers");
            long[] r = regs.toArray(JAVA_LONG);
            return new GeneralRegisters(
                    r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7], r[8], r[9], r[10], r[11], r[12], r[13], r[14],
                    r[15], r[16], r[17]);
        }
    }

    /** Sets the processor's mode. What the record does not name keeps its value. */
    public void setSystemRegisters(SystemRegisters registers) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment sregs = readSystemRegisters(arena);
            putSegment(sregs, Sregs.CS, registers.code());
            for (int at : new int[] {Sregs.DS, Sregs.ES, Sregs.FS, Sregs.GS, Sregs.SS}) {
                putSegment(sregs, at, registers.data());
            }
            putSegment(sregs, Sregs.TR, registers.task());
            sregs.set(JAVA_LONG, Sregs.GDT, registers.gdtBase());
            sregs.set(JAVA_SHORT, Sregs.GDT + Sregs.LIMIT, (short) registers.gdtLimit());
            sregs.set(JAVA_LONG, Sregs.CR0, registers.cr0());
            sregs.set(JAVA_LONG, Sregs.CR3, registers.cr3());
            sregs.set(JAVA_LONG, Sregs.CR4, registers.cr4());
            sregs.set(JAVA_LONG, Sregs.EFER, registers.efer());
            Kvm.expect(descriptor.ioctl(KvmAbi.KVM_SET_SREGS, sregs), "set a vCPU's system registers");
        }
    }

    /** Starts the code segment at address 0, so that a vCPU fresh from its reset runs real-mode code in low memory. */
    void setRealMode() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment sregs = readSystemRegisters(arena);
            sregs.set(JAVA_LONG, Sregs.CS + Sregs.BASE, 0);
            sregs.set(JAVA_SHORT, Sregs.CS + Sregs.SELECTOR, (short) 0);
            Kvm.expect(descriptor.ioctl(KvmAbi.KVM_SET_SREGS, sregs), "set a vCPU's system registers");
        }
    }

    /** Where the code segment starts, and the control registers, for a report of a crash. */
    public ControlRegisters controlRegisters() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment sregs = readSystemRegisters(arena);
            return new ControlRegisters(
                    sregs.get(JAVA_LONG, Sregs.CS + Sregs.BASE),
                    sregs.get(JAVA_SHORT, Sregs.CS + Sregs.SELECTOR) & 0xffff,
                    sregs.get(JAVA_LONG, Sregs.CR0),
                    sregs.get(JAVA_LONG, Sregs.CR2),
                    sregs.get(JAVA_LONG, Sregs.CR3),
                    sregs.get(JAVA_LONG, Sregs.CR4),
                    sregs.get(JAVA_LONG, Sregs.EFER));
        }
    }

    /** The registers that tell a reader in which mode a processor was and what it had faulted on. */
    public record ControlRegisters(
            long codeBase, int codeSelector, long cr0, long cr2, long cr3, long cr4, long efer) {}

    private MemorySegment readSystemRegisters(Arena arena) {
        MemorySegment sregs = arena.allocate(Sregs.SIZE, Long.BYTES);
        Kvm.expect(descriptor.ioctl(KvmAbi.KVM_GET_SREGS, sregs), "read a vCPU's system registers");
        return sregs;
    }

    private static void putSegment(MemorySegment sregs, int at, Segment segment) {
        sregs.set(JAVA_LONG, at + Sregs.BASE, segment.base());
        sregs.set(JAVA_INT, at + Sregs.LIMIT, segment.limit());
        sregs.set(JAVA_SHORT, at + Sregs.SELECTOR, (short) segment.selector());
        sregs.set(JAVA_BYTE, at + Sregs.TYPE, (byte) segment.type());
        putFlag(sregs, at + Sregs.PRESENT, segment.present());
        sregs.set(JAVA_BYTE, at + Sregs.DPL, (byte) segment.dpl());
        putFlag(sregs, at + Sregs.DB, segment.big());
        putFlag(sregs, at + Sregs.S, segment.codeOrData());
        putFlag(sregs, at + Sregs.L, segment.longMode());
        putFlag(sregs, at + Sregs.G, segment.granular());
        putFlag(sregs, at + Sregs.UNUSABLE, false);
    }

    private static void putFlag(MemorySegment sregs, long at, boolean set) {
        sregs.set(JAVA_BYTE, at, (byte) (set ? 1 : 0));
    }

    /**
     * Runs the guest until it needs something.
     *
     * @return 0, and {@link #exitReason} tells why; or a negative error number: EINTR means "look at your flags",
     *     EAGAIN "try again"
     */
    public int run() {
        return descriptor.ioctl(KvmAbi.KVM_RUN, 0);
    }

    /** Why {@link #run} returned: one of the constants of {@link ExitReason}. */
    public int exitReason() {
        return run.get(JAVA_INT, Run.EXIT_REASON);
    }

    /** For {@link ExitReason#IO}: true if the guest writes. */
    public boolean ioIsWrite() {
        return run.get(JAVA_BYTE, Run.IO_DIRECTION) == 1;
    }

    /** For {@link ExitReason#IO}: bytes of each access. */
    public int ioSize() {
        return run.get(JAVA_BYTE, Run.IO_SIZE);
    }

    /** For {@link ExitReason#IO}: the port. */
    public int ioPort() {
        return run.get(JAVA_SHORT, Run.IO_PORT) & 0xffff;
    }

    /** For {@link ExitReason#IO}: how many accesses to the same port, as a string instruction makes them. */
    public int ioCount() {
        return run.get(JAVA_INT, Run.IO_COUNT);
    }

    /** For {@link ExitReason#IO}: the value that access {@code index} writes. */
    public long ioData(int index) {
        long at = run.get(JAVA_LONG, Run.IO_DATA_OFFSET) + (long) index * ioSize();
        return switch (ioSize()) {
            case 1 -> run.get(JAVA_BYTE, at) & 0xff;
            case 2 -> run.get(JAVA_SHORT.withByteAlignment(1), at) & 0xffff;
            default -> run.get(JAVA_INT.withByteAlignment(1), at) & 0xffffffffL;
        };
    }

    /** For {@link ExitReason#IO}: answers access {@code index} of a read. */
    public void answerIo(int index, long value) {
        long at = run.get(JAVA_LONG, Run.IO_DATA_OFFSET) + (long) index * ioSize();
        switch (ioSize()) {
            case 1 -> run.set(JAVA_BYTE, at, (byte) value);
            case 2 -> run.set(JAVA_SHORT.withByteAlignment(1), at, (short) value);
            default -> run.set(JAVA_INT.withByteAlignment(1), at, (int) value);
        }
    }

    /** For {@link ExitReason#MMIO}: the guest physical address. */
    public long mmioAddress() {
        return run.get(JAVA_LONG, Run.MMIO_PHYS_ADDR);
    }

    /** For {@link ExitReason#MMIO}: true if the guest writes. */
    public boolean mmioIsWrite() {
        return run.get(JAVA_BYTE, Run.MMIO_IS_WRITE) != 0;
    }

    /** For {@link ExitReason#MMIO}: how many bytes, 1 to 8. */
    public int mmioSize() {
        return run.get(JAVA_INT, Run.MMIO_LEN);
    }

    /** For {@link ExitReason#MMIO}: the value written, in the low {@link #mmioSize} bytes. */
    public long mmioData() {
        long value = run.get(JAVA_LONG, Run.MMIO_DATA);
        int size = mmioSize();
        return size == Long.BYTES ? value : value & ((1L << (size * Byte.SIZE)) - 1);
    }

    /** For {@link ExitReason#MMIO}: answers a read. */
    public void answerMmio(long value) {
        run.set(JAVA_LONG, Run.MMIO_DATA, value);
    }

    /** For {@link ExitReason#INTERNAL_ERROR}: 1 means an instruction that KVM could not emulate. */
    public int internalSuberror() {
        return run.get(JAVA_INT, Run.INTERNAL_SUBERROR);
    }

    /** For {@link ExitReason#FAIL_ENTRY}: the processor's own reason. */
    public long entryFailure() {
        return run.get(JAVA_LONG, Run.FAIL_REASON);
    }

    /** For {@link ExitReason#SYSTEM_EVENT}: its type. */
    public int systemEvent() {
        return run.get(JAVA_INT, Run.SYSTEM_EVENT_TYPE);
    }

    /** Gives the vCPU back, after its thread has left {@link #run} for good. */
    @Override
    public void close() {
        shared.close();
        descriptor.close();
    }
}
