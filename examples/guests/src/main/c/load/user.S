/*
 * To CPL 3, where a hypervisor without help from the processor runs code at full speed, with every port open and
 * interrupts off: for good, since nothing here leads back.
 */
#define TSS_SIZE 104
#define TSS_IO_MAP_BASE 102
#define PORTS 65536

#define TSS_SELECTOR 0x08
#define USER_DATA 0x1b
#define USER_CODE 0x23

/* Reserved bit 1, and IOPL 3. */
#define RFLAGS 0x3002

    .section .note.GNU-stack, "", @progbits
    .text
    .code64
    .globl enter_user
enter_user:
    /* The I/O map is all zero, and so open; the byte after it has to be all ones. */
    movw $TSS_SIZE, tss + TSS_IO_MAP_BASE
    movb $0xff, tss + TSS_SIZE + PORTS / 8
    mov $tss, %eax
    mov %ax, tss_descriptor + 2
    shr $16, %eax
    mov %al, tss_descriptor + 4
    mov %ah, tss_descriptor + 7
    lgdt user_gdt_pointer
    mov $TSS_SELECTOR, %eax
    ltr %ax
    mov $USER_DATA, %eax
    mov %eax, %ds
    mov %eax, %es
    /* The function starts as if it were called: with the stack 8 below a multiple of 16. */
    mov %rsp, %rdx
    push %rax
    push %rdx
    push $RFLAGS
    push $USER_CODE
    push %rdi
    iretq

    .data
    .balign 8
user_gdt:
    .quad 0
tss_descriptor:
    .quad 0x0000890000000000 + TSS_SIZE + PORTS / 8     /* an available 64-bit TSS */
    .quad 0
    .quad 0x0000f20000000000    /* data, ring 3 */
    .quad 0x0020fa0000000000    /* 64-bit code, ring 3 */
user_gdt_pointer:
    .word . - user_gdt - 1
    .long user_gdt
    .long 0

    .bss
    .balign 16
tss:
    .skip TSS_SIZE + PORTS / 8 + 1
