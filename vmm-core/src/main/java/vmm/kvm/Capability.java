package vmm.kvm;

/** What the VMM asks of KVM beyond its first version ({@code KVM_CAP_*}), and why. */
public enum Capability {
    IRQCHIP(0, "interrupt controllers in the kernel"),
    USER_MEMORY(3, "guest RAM from this process's memory"),
    SET_TSS_ADDR(4, "a place for the real-mode task state on Intel processors"),
    EXT_CPUID(7, "the processor features that a guest may have"),
    NR_VCPUS(9, "the recommended number of vCPUs"),
    MP_STATE(14, "the start of secondary processors"),
    IRQ_ROUTING(25, "message-signalled interrupts"),
    PIT2(33, "the timer in the kernel"),
    IRQFD(32, "interrupts without a system call of the vCPU"),
    IOEVENTFD(36, "doorbells that never leave the kernel"),
    SET_IDENTITY_MAP_ADDR(37, "a place for the real-mode page table on Intel processors"),
    MAX_VCPUS(66, "the largest number of vCPUs"),
    SIGNAL_MSI(77, "messages without a route"),
    IOEVENTFD_ANY_LENGTH(122, "the quickest doorbells"),
    READONLY_MEM(81, "firmware in ROM", false),
    TSC_DEADLINE_TIMER(72, "timers by time stamp counter", false);

    private final int number;
    private final String purpose;
    private final boolean required;

    Capability(int number, String purpose) {
        this(number, purpose, true);
    }

    Capability(int number, String purpose, boolean required) {
        this.number = number;
        this.purpose = purpose;
        this.required = required;
    }

    /** The number in {@code linux/kvm.h}. */
    public int number() {
        return number;
    }

    /** What the VMM uses it for. */
    public String purpose() {
        return purpose;
    }

    /** True if no virtual machine can run without it. */
    public boolean required() {
        return required;
    }
}
