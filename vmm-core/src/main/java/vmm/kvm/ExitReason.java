package vmm.kvm;

/** Why a vCPU came back ({@code KVM_EXIT_*}). Numbers, because the kernel may have reasons that this list does not. */
public final class ExitReason {
    /** A port was read or written. */
    public static final int IO = 2;

    /** The guest halted and no interrupt controller in the kernel waits for it. */
    public static final int HLT = 5;

    /** Guest physical memory without RAM was read or written. */
    public static final int MMIO = 6;

    /** A triple fault. */
    public static final int SHUTDOWN = 8;

    /** The processor refused the guest's state. */
    public static final int FAIL_ENTRY = 9;

    /** A signal. */
    public static final int INTR = 10;

    /** KVM could not go on, as with an instruction that it does not emulate. */
    public static final int INTERNAL_ERROR = 17;

    /** The guest asked for a reset or shutdown in a way that KVM understands by itself. */
    public static final int SYSTEM_EVENT = 24;

    private ExitReason() {}
}
