/* From the PVH entry, in 32-bit mode without paging, to C in 64-bit mode. */
#include "../pvh.h"

#define CR0_PG 31
#define CR4_PAE (1 << 5)
#define MSR_EFER 0xc0000080
#define EFER_LME (1 << 8)

/* For every privilege level: a guest may lower its own. */
#define PAGE_PRESENT_WRITABLE_USER 0x07
#define PAGE_LARGE 0x80

start:
    /* The first byte, before anything else; main prints the rest of the word. */
    print 'V'

    /* Only the first 2 MiB, where this program is, are mapped here; map() adds what a device needs. */
    movl $page_directories + PAGE_PRESENT_WRITABLE_USER, page_map
    movl $page_directories + 0x1000 + PAGE_PRESENT_WRITABLE_USER, page_directories
    movl $PAGE_LARGE + PAGE_PRESENT_WRITABLE_USER, page_directories + 0x1000
    mov $page_map, %eax
    mov %eax, %cr3
    mov $CR4_PAE, %eax
    mov %eax, %cr4
    mov $MSR_EFER, %ecx
    mov $EFER_LME, %eax
    xor %edx, %edx
    wrmsr
    mov %cr0, %eax
    bts $CR0_PG, %eax
    mov %eax, %cr0
    lgdt gdt_pointer
    ljmp $8, $long_mode

    .code64
long_mode:
    xor %eax, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    mov $stack_top, %esp
    /* Nothing has touched it since the entry (PVH: the address of struct hvm_start_info). */
    mov %ebx, %edi
    call main
halt:
    cli
    hlt
    jmp halt

    .section .rodata
    .balign 8
gdt:
    .quad 0
    .quad 0x00209a0000000000    /* 64-bit code, ring 0 */
gdt_pointer:
    .word . - gdt - 1
    .long gdt

    .bss
    .balign 16
    .skip 4096
stack_top:
