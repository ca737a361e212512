package vmm.kvm;

/** The general registers of a vCPU in the order of {@code struct kvm_regs}. */
public record GeneralRegisters(
        long rax,
        long rbx,
        long rcx,
        long rdx,
        long rsi,
        long rdi,
        long rsp,
        long rbp,
        long r8,
        long r9,
        long r10,
        long r11,
        long r12,
        long r13,
        long r14,
        long r15,
        long rip,
        long rflags) {
    /** The bit of RFLAGS that is always set. */
    public static final long RFLAGS_FIXED = 2;

    /** All zero but the given ones: what a boot protocol sets. */
    public static GeneralRegisters entry(long rip, long rsp, long rax, long rbx, long rsi) {
        return new GeneralRegisters(rax, rbx, 0, 0, rsi, 0, rsp, 0, 0, 0, 0, 0, 0, 0, 0, 0, rip, RFLAGS_FIXED);
    }
}
