package vmm.kvm;

/** Request numbers, structure layouts and constants of {@code linux/kvm.h} and {@code asm/kvm.h} on x86-64. */
final class KvmAbi {
    // Requests to /dev/kvm.
    static final long KVM_GET_API_VERSION = 0xAE00;
    static final long KVM_CREATE_VM = 0xAE01;
    static final long KVM_CHECK_EXTENSION = 0xAE03;
    static final long KVM_GET_VCPU_MMAP_SIZE = 0xAE04;
    static final long KVM_GET_SUPPORTED_CPUID = 0xC008AE05L;

    // Requests to a virtual machine.
    static final long KVM_CREATE_VCPU = 0xAE41;
    static final long KVM_SET_USER_MEMORY_REGION = 0x4020AE46L;
    static final long KVM_SET_TSS_ADDR = 0xAE47;
    static final long KVM_SET_IDENTITY_MAP_ADDR = 0x4008AE48L;
    static final long KVM_CREATE_IRQCHIP = 0xAE60;
    static final long KVM_IRQ_LINE = 0x4008AE61L;
    static final long KVM_SET_GSI_ROUTING = 0x4008AE6AL;
    static final long KVM_IRQFD = 0x4020AE76L;
    static final long KVM_REINJECT_CONTROL = 0xAE71;
    static final long KVM_CREATE_PIT2 = 0x4040AE77L;
    static final long KVM_IOEVENTFD = 0x4040AE79L;

    // Requests to a vCPU.
    static final long KVM_RUN = 0xAE80;
    static final long KVM_GET_REGS = 0x8090AE81L;
    static final long KVM_SET_REGS = 0x4090AE82L;
    static final long KVM_GET_SREGS = 0x8138AE83L;
    static final long KVM_SET_SREGS = 0x4138AE84L;
    static final long KVM_SET_MSRS = 0x4008AE89L;
    static final long KVM_SET_SIGNAL_MASK = 0x4004AE8BL;
    static final long KVM_SET_CPUID2 = 0x4008AE90L;
    static final long KVM_KVMCLOCK_CTRL = 0xAEADL;

    static final int API_VERSION = 12;

    /** {@code struct kvm_userspace_memory_region}. */
    static final class MemoryRegion {
        static final int SIZE = 32;
        static final int SLOT = 0;
        static final int FLAGS = 4;
        static final int FLAG_READONLY = 2;
        static final int GUEST_PHYS_ADDR = 8;
        static final int MEMORY_SIZE = 16;
        static final int USERSPACE_ADDR = 24;

        private MemoryRegion() {}
    }

    /** {@code struct kvm_irq_level}. */
    static final class IrqLevel {
        static final int SIZE = 8;
        static final int IRQ = 0;
        static final int LEVEL = 4;

        private IrqLevel() {}
    }

    /** {@code struct kvm_irq_routing} and its entries. */
    static final class IrqRouting {
        static final int HEADER_SIZE = 8;
        static final int NR = 0;
        static final int ENTRY_SIZE = 48;
        static final int GSI = 0;
        static final int TYPE = 4;
        static final int IRQCHIP = 16;
        static final int PIN = 20;
        static final int ADDRESS_LO = 16;
        static final int ADDRESS_HI = 20;
        static final int DATA = 24;

        static final int TYPE_IRQCHIP = 1;
        static final int TYPE_MSI = 2;
        static final int PIC_MASTER = 0;
        static final int PIC_SLAVE = 1;
        static final int IOAPIC = 2;

        private IrqRouting() {}
    }

    /** {@code struct kvm_irqfd}. */
    static final class IrqFd {
        static final int SIZE = 32;
        static final int FD = 0;
        static final int GSI = 4;
        static final int FLAGS = 8;
        static final int FLAG_DEASSIGN = 1;

        private IrqFd() {}
    }

    /** {@code struct kvm_ioeventfd}. */
    static final class IoEventFd {
        static final int SIZE = 64;
        static final int DATAMATCH = 0;
        static final int ADDR = 8;
        static final int LEN = 16;
        static final int FD = 20;
        static final int FLAGS = 24;
        static final int FLAG_DATAMATCH = 1;
        static final int FLAG_PIO = 2;
        static final int FLAG_DEASSIGN = 4;

        private IoEventFd() {}
    }

    /** {@code struct kvm_pit_config}. */
    static final class PitConfig {
        static final int SIZE = 64;
        static final int FLAGS = 0;
        static final int FLAG_SPEAKER_DUMMY = 1;

        private PitConfig() {}
    }

    /** {@code struct kvm_reinject_control}. */
    static final class ReinjectControl {
        static final int SIZE = 32;
        static final int PIT_REINJECT = 0;

        private ReinjectControl() {}
    }

    /** {@code struct kvm_cpuid2} and its entries. */
    static final class Cpuid2 {
        static final int HEADER_SIZE = 8;
        static final int NENT = 0;
        static final int ENTRY_SIZE = 40;
        static final int FUNCTION = 0;
        static final int INDEX = 4;
        static final int FLAGS = 8;
        static final int EAX = 12;
        static final int EBX = 16;
        static final int ECX = 20;
        static final int EDX = 24;
        static final int FLAG_SIGNIFICANT_INDEX = 1;

        private Cpuid2() {}
    }

    /** {@code struct kvm_msrs} with one entry. */
    static final class Msrs {
        static final int SIZE = 24;
        static final int NMSRS = 0;
        static final int INDEX = 8;
        static final int DATA = 16;

        private Msrs() {}
    }

    /** {@code struct kvm_regs}: eighteen numbers of eight bytes. */
    static final class Regs {
        static final int SIZE = 144;
        static final int RIP = 128;
        static final int RFLAGS = 136;

        private Regs() {}
    }

    /** {@code struct kvm_sregs}. */
    static final class Sregs {
        static final int SIZE = 312;
        static final int SEGMENT_SIZE = 24;
        static final int CS = 0;
        static final int DS = 24;
        static final int ES = 48;
        static final int FS = 72;
        static final int GS = 96;
        static final int SS = 120;
        static final int TR = 144;
        static final int LDT = 168;
        static final int GDT = 192;
        static final int IDT = 208;
        static final int CR0 = 224;
        static final int CR2 = 232;
        static final int CR3 = 240;
        static final int CR4 = 248;
        static final int EFER = 264;

        // struct kvm_segment
        static final int BASE = 0;
        static final int LIMIT = 8;
        static final int SELECTOR = 12;
        static final int TYPE = 14;
        static final int PRESENT = 15;
        static final int DPL = 16;
        static final int DB = 17;
        static final int S = 18;
        static final int L = 19;
        static final int G = 20;
        static final int UNUSABLE = 22;

        private Sregs() {}
    }

    /** {@code struct kvm_run}, the page shared with the kernel. */
    static final class Run {
        static final int EXIT_REASON = 8;
        static final int IO_DIRECTION = 32;
        static final int IO_SIZE = 33;
        static final int IO_PORT = 34;
        static final int IO_COUNT = 36;
        static final int IO_DATA_OFFSET = 40;
        static final int MMIO_PHYS_ADDR = 32;
        static final int MMIO_DATA = 40;
        static final int MMIO_LEN = 48;
        static final int MMIO_IS_WRITE = 52;
        static final int INTERNAL_SUBERROR = 32;
        static final int FAIL_REASON = 32;
        static final int SYSTEM_EVENT_TYPE = 32;

        private Run() {}
    }

    private KvmAbi() {}
}
