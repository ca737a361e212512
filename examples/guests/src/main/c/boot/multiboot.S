/*
 * A Multiboot kernel that is no ELF: its header says where it goes. It prints its command line, and of each module the
 * text and what is in it, up to a zero.
 */
#define HEADER_MAGIC 0x1badb002
#define LOADER_MAGIC 0x2badb002
#define PAGE_ALIGN 0x00001
#define MEMORY_INFO 0x00002
#define ADDRESSES 0x10000
#define FLAGS (PAGE_ALIGN | MEMORY_INFO | ADDRESSES)

#define CMDLINE 16
#define MODS_COUNT 20
#define MODS_ADDR 24
#define MOD_START 0
#define MOD_STRING 8
#define MOD_SIZE 16

#define COM1 0x3f8
#define COM1_LSR (COM1 + 5)
#define LSR_THRE 0x20
#define DEBUG_EXIT 0xf4
#define EXIT_SUCCESS 0x10
#define EXIT_NO_LOADER 0x11

    .section .note.GNU-stack, "", @progbits
    .text
    .code32
    .globl start
    .globl header
    .balign 4
header:
    .long HEADER_MAGIC
    .long FLAGS
    .long -(HEADER_MAGIC + FLAGS)
    .long header
    .long header
    .long end
    .long stack_end
    .long start

start:
    mov %eax, %edx
    mov $EXIT_NO_LOADER, %al
    cmp $LOADER_MAGIC, %edx
    jne leave
    mov $stack_end, %esp
    cld

    mov $told, %esi
    call print
    mov CMDLINE(%ebx), %esi
    call print
    mov MODS_COUNT(%ebx), %ecx
    mov MODS_ADDR(%ebx), %edi
next_module:
    jecxz finished
    mov $module, %esi
    call print
    mov MOD_STRING(%edi), %esi
    call print
    mov $holds, %esi
    call print
    mov MOD_START(%edi), %esi
    call print
    add $MOD_SIZE, %edi
    dec %ecx
    jmp next_module

finished:
    mov $line_end, %esi
    call print
    mov $EXIT_SUCCESS, %al
leave:
    out %al, $DEBUG_EXIT
halt:
    cli
    hlt
    jmp halt

/* Prints the text at ESI up to its zero. */
print:
    mov $COM1_LSR, %dx
wait_for_room:
    in %dx, %al
    test $LSR_THRE, %al
    jz wait_for_room
    lodsb
    test %al, %al
    jz printed
    mov $COM1, %dx
    out %al, %dx
    jmp print
printed:
    ret

told:
    .asciz "Command line: "
module:
    .asciz "; module: "
holds:
    .asciz " holds "
line_end:
    .asciz "\r\n"

    .balign 4
end:
    .bss
    .space 64
stack_end:
