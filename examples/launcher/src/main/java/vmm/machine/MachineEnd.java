package vmm.machine;

/** How one life of a machine ended. */
public sealed interface MachineEnd {
    /** The guest switched the machine off. */
    record PoweredOff() implements MachineEnd {}

    /**
     * Somebody asked for a reset.
     *
     * @param cause by which way, for people
     * @param guest true if it was the guest
     */
    record Reset(String cause, boolean guest) implements MachineEnd {}

    /**
     * The guest wrote to the debug-exit port.
     *
     * @param status what the VMM is to exit with
     */
    record DebugExit(int status) implements MachineEnd {}

    /**
     * The guest cannot go on.
     *
     * @param sentence what happened
     * @param registers of the vCPU it happened to, some lines of text
     */
    record Crashed(String sentence, String registers) implements MachineEnd {}

    /**
     * The VMM cannot go on: a defect of its own.
     *
     * @param cause what was thrown
     */
    record Failed(Throwable cause) implements MachineEnd {}

    /** Somebody outside stopped it. */
    record Stopped() implements MachineEnd {}
}
