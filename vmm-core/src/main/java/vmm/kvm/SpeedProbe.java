package vmm.kvm;

import vmm.linux.Errno;
import vmm.linux.HostException;
import vmm.memory.GuestMemory;

/**
 * Measures how fast kernel code of a guest runs: a loop of {@value #INSTRUCTIONS} instructions at the highest
 * privilege.
 *
 * <p>With hardware virtualization an instruction takes well under a nanosecond. A KVM that interprets such code needs
 * hundreds of nanoseconds, and Linux as a guest would take minutes to boot, or fail.
 */
public final class SpeedProbe {
    /** The length of the loop. */
    public static final int INSTRUCTIONS = 100_000;

    /** Above this a KVM is called slow, in nanoseconds per instruction. */
    public static final double HARDWARE_LIMIT = 20;

    private static final int LOAD_ADDRESS = 0x1000;

    private static final int ROUNDS = INSTRUCTIONS / 2;

    /** In 16-bit mode: load ECX, count it down to zero, halt. */
    private static final byte[] LOOP = {
        0x66,
        (byte) 0xB9,
        (byte) ROUNDS,
        (byte) (ROUNDS >> 8),
        (byte) (ROUNDS >> 16),
        0, // mov ecx, ROUNDS
        0x66,
        0x49, // dec ecx
        0x75,
        (byte) 0xFC, // jnz to the decrement
        (byte) 0xF4 // hlt
    };

    private SpeedProbe() {}

    /**
     * Runs the loop in a virtual machine of its own, which takes under a millisecond, or some tenths of a second where
     * the code is interpreted.
     *
     * @return nanoseconds per instruction
     * @throws HostException if the machine cannot be made or does not run
     */
    public static double nanosPerInstruction(Kvm kvm) {
        try (GuestMemory memory = GuestMemory.allocate(64 << 10);
                VirtualMachine machine = kvm.createVirtualMachine()) {
            machine.map(memory);
            memory.write(LOAD_ADDRESS, LOOP);
            try (Vcpu vcpu = machine.createVcpu(0)) {
                return time(vcpu);
            }
        }
    }

    /** True if guest kernel code runs at the processor's own speed. */
    public static boolean isHardware(double nanosPerInstruction) {
        return nanosPerInstruction < HARDWARE_LIMIT;
    }

    private static double time(Vcpu vcpu) {
        vcpu.setRealMode();
        vcpu.setRegisters(GeneralRegisters.entry(LOAD_ADDRESS, LOAD_ADDRESS, 0, 0, 0));
        long start = System.nanoTime();
        while (true) {
            int result = vcpu.run();
            if (result == 0 && vcpu.exitReason() == ExitReason.HLT) {
                return (System.nanoTime() - start) / (double) INSTRUCTIONS;
            }
            if (result != -Errno.EINTR) {
                throw new HostException("A virtual machine of three instructions does not run (result " + result
                        + ", exit reason " + vcpu.exitReason() + "): update the host's kernel.");
            }
        }
    }
}
