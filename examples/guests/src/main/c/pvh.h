/*
 * What every guest starts with: the note that tells a VMM the 32-bit entry point (Xen's PVH boot protocol), and the
 * devices that the first instructions use.
 */
#ifndef PVH_H
#define PVH_H

#define COM1 0x3f8
#define COM1_LSR (COM1 + 5)
#define LSR_DR 0x01
#define LSR_THRE 0x20

#define DEBUG_EXIT 0xf4

/* Written to the debug exit port at the end of a good run, so the VMM's exit status is (0x10 << 1) | 1 = 33. */
#define EXIT_SUCCESS 0x10

#ifdef __ASSEMBLER__

#define XEN_ELFNOTE_PHYS32_ENTRY 18

    .section .note.GNU-stack, "", @progbits
    .section .note.pvh, "a", @note
    .balign 4
    .long 4                     /* size of the name */
    .long 4                     /* size of the entry address */
    .long XEN_ELFNOTE_PHYS32_ENTRY
    .asciz "Xen"
    .long start

    /* Prints one byte without waiting: for the first bytes, which a transmitter that is idle takes at once. */
    .macro print byte
    mov $COM1, %dx
    mov $\byte, %al
    out %al, %dx
    .endm

    .macro leave_with value
    mov $\value, %al
    out %al, $DEBUG_EXIT
9:  cli
    hlt
    jmp 9b
    .endm

    .section .text.start, "ax"
    .code32
    .globl start
#endif

#endif
