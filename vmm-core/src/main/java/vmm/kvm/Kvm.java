package vmm.kvm;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import vmm.linux.Descriptor;
import vmm.linux.Errno;
import vmm.linux.HostException;

/** The KVM of this host: what it can do, and where virtual machines come from. Any thread may call. */
public final class Kvm implements AutoCloseable {
    /** Where Linux shows KVM. */
    public static final String DEVICE = "/dev/kvm";

    private static final int MOST_CPUID_ENTRIES = 256;

    private final Descriptor descriptor;
    private final int runSize;

    private Kvm(Descriptor descriptor) {
        this.descriptor = descriptor;
        this.runSize = expect(descriptor.ioctl(KvmAbi.KVM_GET_VCPU_MMAP_SIZE, 0), "ask KVM for its page size");
    }

    /**
     * Opens {@value #DEVICE}.
     *
     * @throws HostException with what to do about it, if KVM is missing, forbidden or of a wrong version
     */
    public static Kvm open() {
        int fd = Descriptor.open(DEVICE, Descriptor.O_RDWR);
        if (fd < 0) {
            throw new HostException(explainOpenFailure(-fd));
        }
        Descriptor descriptor = new Descriptor(fd);
        int version = descriptor.ioctl(KvmAbi.KVM_GET_API_VERSION, 0);
        if (version < 0) {
            descriptor.close();
            throw new HostException(
                    DEVICE + " is something else than KVM's device: remove it, and load the module again"
                            + " with 'modprobe kvm_intel' or 'modprobe kvm_amd'.");
        }
        if (version != KvmAbi.API_VERSION) {
            descriptor.close();
            throw new HostException(DEVICE + " speaks API version " + version + " instead of " + KvmAbi.API_VERSION
                    + ": boot a Linux kernel of 2.6.22 or later.");
        }
        return new Kvm(descriptor);
    }

    private static String explainOpenFailure(int errno) {
        return switch (errno) {
            case Errno.ENOENT ->
                DEVICE + " does not exist: switch virtualization on in the firmware setup (or nested virtualization in"
                        + " the host above) and load the module with 'modprobe kvm_intel' or 'modprobe kvm_amd'.";
            case Errno.EACCES, Errno.EPERM ->
                "No permission to open " + DEVICE + ": add yourself to its group with 'sudo usermod -aG kvm $USER' and"
                        + " log in again.";
            case Errno.ENODEV, Errno.ENXIO ->
                DEVICE + " exists but the kernel has no KVM behind it: load it with 'modprobe kvm_intel' or"
                        + " 'modprobe kvm_amd'.";
            default -> "Cannot open " + DEVICE + ": " + Errno.describe(errno) + ".";
        };
    }

    /** The version of the API, always 12. */
    public int apiVersion() {
        return KvmAbi.API_VERSION;
    }

    /** What KVM answers for a capability: 0 if it has none, else 1 or a number that says how much. */
    public int check(Capability capability) {
        return Math.max(0, descriptor.ioctl(KvmAbi.KVM_CHECK_EXTENSION, capability.number()));
    }

    /** The most vCPUs that one virtual machine may have. */
    public int mostVcpus() {
        int most = check(Capability.MAX_VCPUS);
        return most > 0 ? most : Math.max(4, check(Capability.NR_VCPUS));
    }

    /** The CPUID leaves that the processor and KVM together can offer. */
    public Cpuid supportedCpuid() {
        try (Arena arena = Arena.ofConfined()) {
            long size = KvmAbi.Cpuid2.HEADER_SIZE + (long) MOST_CPUID_ENTRIES * KvmAbi.Cpuid2.ENTRY_SIZE;
            MemorySegment structure = arena.allocate(size, Long.BYTES);
            structure.set(JAVA_INT, KvmAbi.Cpuid2.NENT, MOST_CPUID_ENTRIES);
            expect(descriptor.ioctl(KvmAbi.KVM_GET_SUPPORTED_CPUID, structure), "read the processor's features");
            return Cpuid.decode(structure);
        }
    }

    /**
     * Makes an empty virtual machine.
     *
     * @throws HostException naming what this KVM lacks
     */
    public VirtualMachine createVirtualMachine() {
        List<String> missing = new ArrayList<>();
        for (Capability capability : Capability.values()) {
            if (capability.required() && check(capability) == 0) {
                missing.add("KVM_CAP_" + capability);
            }
        }
        if (!missing.isEmpty()) {
            throw new HostException("This host's KVM lacks " + String.join(", ", missing)
                    + ": a Linux kernel of 4.4 or later on x86-64 has them.");
        }
        int fd = descriptor.ioctl(KvmAbi.KVM_CREATE_VM, 0);
        if (fd < 0) {
            throw HostException.ofErrno("create a virtual machine", -fd);
        }
        return new VirtualMachine(new Descriptor(fd), runSize, check(Capability.IRQ_ROUTING));
    }

    /** Returns {@code result}, or throws if it is an error number. */
    static int expect(int result, String action) {
        if (result < 0) {
            throw HostException.ofErrno(action, -result);
        }
        return result;
    }

    @Override
    public void close() {
        descriptor.close();
    }
}
