package vmm.kvm;

/**
 * The registers that say in which mode a vCPU runs, as a boot protocol sets them.
 *
 * @param code CS
 * @param data DS, ES, FS, GS and SS
 * @param task TR
 * @param gdtBase linear address of the global descriptor table
 * @param gdtLimit its size in bytes less 1
 */
public record SystemRegisters(
        Segment code,
        Segment data,
        Segment task,
        long gdtBase,
        int gdtLimit,
        long cr0,
        long cr3,
        long cr4,
        long efer) {}
