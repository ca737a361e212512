package vmm.kvm;

/** Why a vCPU stopped for good. */
public sealed interface VcpuEnd {
    /** Somebody asked it to ({@link VcpuThread#requestStop}). */
    record Requested() implements VcpuEnd {}

    /**
     * The processor shut itself down, as it does when it meets a third fault while it handles a second one. A PC's
     * board takes that for a wish to be reset.
     *
     * @param sentence what happened, for the user
     * @param registers the vCPU's registers, some lines of text
     */
    record TripleFault(String sentence, String registers) implements VcpuEnd {}

    /**
     * The guest cannot go on: an instruction that KVM does not emulate, a state that the processor refuses.
     *
     * @param sentence what happened, for the user
     * @param registers the vCPU's registers, some lines of text
     */
    record Crashed(String sentence, String registers) implements VcpuEnd {}

    /**
     * The VMM itself failed on this thread.
     *
     * @param cause what was thrown
     */
    record Failed(Throwable cause) implements VcpuEnd {}
}
