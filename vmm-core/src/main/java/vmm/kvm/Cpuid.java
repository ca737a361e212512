package vmm.kvm;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import vmm.kvm.KvmAbi.Cpuid2;

/**
 * The leaves of CPUID that a vCPU answers.
 *
 * @param leaves in the kernel's order
 */
public record Cpuid(List<Leaf> leaves) {
    /**
     * One answer of CPUID.
     *
     * @param function EAX of the question
     * @param index ECX of the question, if {@code indexed}
     * @param indexed true if ECX of the question matters
     */
    public record Leaf(int function, int index, boolean indexed, int eax, int ebx, int ecx, int edx) {}

    private static final int BASIC_FEATURES = 0x1;
    private static final int CACHES = 0x4;
    private static final int EXTENDED_TOPOLOGY = 0xB;
    private static final int EXTENDED_TOPOLOGY_V2 = 0x1F;
    private static final int AMD_FEATURES = 0x80000001;
    private static final int AMD_SIZES = 0x80000008;
    private static final int AMD_CACHES = 0x8000001D;
    private static final int AMD_TOPOLOGY = 0x8000001E;

    private static final int ECX_TSC_DEADLINE = 1 << 24;
    private static final int ECX_HYPERVISOR = 1 << 31;
    private static final int EDX_HTT = 1 << 28;
    private static final int ECX_CMP_LEGACY = 1 << 1;

    private static final int LEVEL_SMT = 1 << 8;
    private static final int LEVEL_CORE = 2 << 8;

    /** Copies the list. */
    public Cpuid {
        leaves = List.copyOf(leaves);
    }

    /**
     * The leaves for one vCPU of a machine with one socket, {@code cpus} cores in it and one thread in each. Its APIC
     * ID is its number.
     *
     * @param cpu this vCPU's number, from 0
     * @param cpus how many the machine has
     * @param tscDeadline whether KVM emulates the TSC deadline timer
     */
    public Cpuid forVcpu(int cpu, int cpus, boolean tscDeadline) {
        int idBits = Integer.SIZE - Integer.numberOfLeadingZeros(cpus - 1);
        List<Leaf> result = new ArrayList<>();
        boolean topology = false;
        for (Leaf leaf : leaves) {
            switch (leaf.function) {
                case BASIC_FEATURES -> result.add(basicFeatures(leaf, cpu, cpus, tscDeadline));
                case CACHES -> result.add(caches(leaf, cpus, (cpus - 1) << 26));
                case EXTENDED_TOPOLOGY -> {
                    if (!topology) {
                        topology = true;
                        result.addAll(extendedTopology(cpu, cpus, idBits));
                    }
                }
                // Left out, so that guests use the older leaf, which says the same of a machine without dies.
                case EXTENDED_TOPOLOGY_V2 -> {}
                case AMD_FEATURES -> result.add(withEcx(leaf, flag(leaf.ecx, ECX_CMP_LEGACY, cpus > 1)));
                case AMD_SIZES -> result.add(withEcx(leaf, (idBits << 12) | (cpus - 1)));
                case AMD_CACHES -> result.add(caches(leaf, cpus, 0));
                case AMD_TOPOLOGY -> result.add(new Leaf(AMD_TOPOLOGY, 0, leaf.indexed, cpu, cpu, 0, 0));
                default -> result.add(leaf);
            }
        }
        return new Cpuid(result);
    }

    private static Leaf basicFeatures(Leaf leaf, int cpu, int cpus, boolean tscDeadline) {
        int ebx = (leaf.ebx & 0xffff) | (Math.min(cpus, 255) << 16) | (cpu << 24);
        int ecx = flag(leaf.ecx, ECX_TSC_DEADLINE, tscDeadline) | ECX_HYPERVISOR;
        return new Leaf(BASIC_FEATURES, 0, leaf.indexed, leaf.eax, ebx, ecx, flag(leaf.edx, EDX_HTT, cpus > 1));
    }

    /** Levels 1 and 2 belong to one core; level 3 is shared by all. */
    private static Leaf caches(Leaf leaf, int cpus, int cores) {
        int level = (leaf.eax >> 5) & 7;
        int sharers = level >= 3 ? cpus - 1 : 0;
        int eax = (leaf.eax & 0x3fff) | (sharers << 14) | ((leaf.eax & 0x1f) == 0 ? 0 : cores);
        return new Leaf(leaf.function, leaf.index, leaf.indexed, eax, leaf.ebx, leaf.ecx, leaf.edx);
    }

    private static List<Leaf> extendedTopology(int cpu, int cpus, int idBits) {
        return List.of(
                new Leaf(EXTENDED_TOPOLOGY, 0, true, 0, 1, LEVEL_SMT, cpu),
                new Leaf(EXTENDED_TOPOLOGY, 1, true, idBits, cpus, LEVEL_CORE | 1, cpu),
                new Leaf(EXTENDED_TOPOLOGY, 2, true, 0, 0, 2, cpu));
    }

    private static Leaf withEcx(Leaf leaf, int ecx) {
        return new Leaf(leaf.function, leaf.index, leaf.indexed, leaf.eax, leaf.ebx, ecx, leaf.edx);
    }

    private static int flag(int value, int bit, boolean set) {
        return set ? value | bit : value & ~bit;
    }

    static Cpuid decode(MemorySegment structure) {
        int count = structure.get(JAVA_INT, Cpuid2.NENT);
        List<Leaf> leaves = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            long at = Cpuid2.HEADER_SIZE + (long) i * Cpuid2.ENTRY_SIZE;
            leaves.add(new Leaf(
                    structure.get(JAVA_INT, at + Cpuid2.FUNCTION),
                    structure.get(JAVA_INT, at + Cpuid2.INDEX),
                    (structure.get(JAVA_INT, at + Cpuid2.FLAGS) & Cpuid2.FLAG_SIGNIFICANT_INDEX) != 0,
                    structure.get(JAVA_INT, at + Cpuid2.EAX),
                    structure.get(JAVA_INT, at + Cpuid2.EBX),
                    structure.get(JAVA_INT, at + Cpuid2.ECX),
                    structure.get(JAVA_INT, at + Cpuid2.EDX)));
        }
        return new Cpuid(leaves);
    }

    MemorySegment encode(Arena arena) {
        long size = Cpuid2.HEADER_SIZE + (long) leaves.size() * Cpuid2.ENTRY_SIZE;
        MemorySegment structure = arena.allocate(size, Long.BYTES);
        structure.set(JAVA_INT, Cpuid2.NENT, leaves.size());
        long at = Cpuid2.HEADER_SIZE;
        for (Leaf leaf : leaves) {
            structure.set(JAVA_INT, at + Cpuid2.FUNCTION, leaf.function);
            structure.set(JAVA_INT, at + Cpuid2.INDEX, leaf.index);
            structure.set(JAVA_INT, at + Cpuid2.FLAGS, leaf.indexed ? Cpuid2.FLAG_SIGNIFICANT_INDEX : 0);
            structure.set(JAVA_INT, at + Cpuid2.EAX, leaf.eax);
            structure.set(JAVA_INT, at + Cpuid2.EBX, leaf.ebx);
            structure.set(JAVA_INT, at + Cpuid2.ECX, leaf.ecx);
            structure.set(JAVA_INT, at + Cpuid2.EDX, leaf.edx);
            at += Cpuid2.ENTRY_SIZE;
        }
        return structure;
    }
}
