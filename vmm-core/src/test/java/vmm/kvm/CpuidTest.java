package vmm.kvm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import vmm.kvm.Cpuid.Leaf;

class CpuidTest {
    private static Leaf leaf(Cpuid cpuid, int function, int index) {
        return cpuid.leaves().stream()
                .filter(leaf -> leaf.function() == function && leaf.index() == index)
                .findFirst()
                .orElseThrow();
    }

    private static final Cpuid HOST = new Cpuid(List.of(
            new Leaf(0, 0, false, 0x1f, 0, 0, 0),
            new Leaf(1, 0, false, 0x806f8, 0x07400800, 0, 1 << 28),
            new Leaf(4, 0, true, 0xfc004121, 0, 0, 0),
            new Leaf(4, 3, true, 0xfc1fc163, 0, 0, 0),
            new Leaf(0xb, 0, true, 1, 2, 0x100, 7),
            new Leaf(0xb, 1, true, 7, 64, 0x201, 7),
            new Leaf(0x1f, 0, true, 1, 2, 0x100, 7),
            new Leaf(0x80000008, 0, false, 0x3028, 0, 0x703f, 0)));

    @Test
    void theApicIdAndTheNumberOfCoresAreTheGuestsOwn() {
        Leaf features = leaf(HOST.forVcpu(3, 6, true), 1, 0);
        assertEquals(0x03060800, features.ebx());
        assertTrue((features.ecx() & (1 << 31)) != 0, "a hypervisor is present");
        assertTrue((features.ecx() & (1 << 24)) != 0, "the TSC deadline timer is there");
    }

    @Test
    void oneProcessorIsNotCalledHyperThreaded() {
        assertEquals(0, leaf(HOST.forVcpu(0, 1, false), 1, 0).edx() & (1 << 28));
    }

    @Test
    void theExtendedTopologyHasOneThreadPerCoreAndAllCoresInOnePackage() {
        Cpuid cpuid = HOST.forVcpu(5, 6, true);
        assertEquals(new Leaf(0xb, 0, true, 0, 1, 0x100, 5), leaf(cpuid, 0xb, 0));
        assertEquals(new Leaf(0xb, 1, true, 3, 6, 0x201, 5), leaf(cpuid, 0xb, 1));
        assertTrue(cpuid.leaves().stream().noneMatch(leaf -> leaf.function() == 0x1f));
    }

    @Test
    void onlyTheLastCacheIsShared() {
        Cpuid cpuid = HOST.forVcpu(0, 4, true);
        assertEquals(0, (leaf(cpuid, 4, 0).eax() >> 14) & 0xfff);
        assertEquals(3, (leaf(cpuid, 4, 3).eax() >> 14) & 0xfff);
        assertEquals(3, leaf(cpuid, 4, 3).eax() >>> 26);
    }
}
