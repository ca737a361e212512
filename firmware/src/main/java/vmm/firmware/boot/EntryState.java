package vmm.firmware.boot;

import vmm.kvm.Segment;

/**
 * The state in which a guest's first processor starts, as its boot protocol defines it. Every register that is not here
 * is zero; FS and GS are loaded as {@link #data} too, and the IDT is empty (base and limit 0).
 *
 * @param rip the first instruction
 * @param rsp the stack, for guests that use it before they set their own
 * @param rax the number by which Multiboot says that it is the loader, else 0
 * @param rbx the PVH start info or the Multiboot information, else 0
 * @param rsi Linux's boot_params, else 0
 * @param rflags with interrupts disabled
 * @param cr0 control register 0
 * @param cr3 the top page table's address, 0 without paging
 * @param cr4 control register 4
 * @param efer the extended feature enable register (MSR 0xC0000080)
 * @param code for CS
 * @param data for DS, ES, FS, GS and SS
 * @param task for TR: a busy TSS
 * @param gdtBase linear address of the GDT
 * @param gdtLimit offset of the GDT's last byte
 */
public record EntryState(
        long rip,
        long rsp,
        long rax,
        long rbx,
        long rsi,
        long rflags,
        long cr0,
        long cr3,
        long cr4,
        long efer,
        Segment code,
        Segment data,
        Segment task,
        long gdtBase,
        int gdtLimit) {}
