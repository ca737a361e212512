/*
 * A kernel for Linux's 16-bit boot protocol, of one page: prints its command line, and the texts that its protected-mode
 * part and its initial RAM disk begin with, which it has the BIOS copy to low memory (INT 15h, AH=87h); then it leaves.
 */
#define COM1 0x3f8
#define COM1_LSR (COM1 + 5)
#define LSR_THRE 0x20
#define DEBUG_EXIT 0xf4
#define EXIT_SUCCESS 0x10
#define EXIT_COPY_FAILED 0x16

#define SETUP_SECTORS 1
#define LOADED_HIGH 0x01
#define XLF_KERNEL_64 0x01
#define PROTECTED_MODE_PART 0x100000
#define PAYLOAD_SIZE 1024

/* Texts have at most so many bytes, and go to linear address 0x18000. */
#define TEXT_SIZE 128
#define TEXT 0x8000
#define TEXT_LINEAR 0x18000

    .section .note.GNU-stack, "", @progbits
    .text
    .code16
    .globl start
start:
    .org 0x1f1
    .byte SETUP_SECTORS
    .word 0
    .long PAYLOAD_SIZE / 16
    .word 0, 0, 0
    .word 0xaa55
    .byte 0xeb, header_end - jumped     /* a jump over the header, whose length says how long it is */
jumped:
    .ascii "HdrS"
    .word 0x020c
    .long 0
    .word 0, 0
    .byte 0, LOADED_HIGH
    .word 0
    .long PROTECTED_MODE_PART
ramdisk_image:
    .long 0
ramdisk_size:
    .long 0
    .long 0
    .word 0
    .byte 0, 0
cmd_line_ptr:
    .long 0
    .long 0x7fffffff            /* highest address of an initial RAM disk */
    .long 0x200000
    .byte 1, 21
    .word XLF_KERNEL_64
    .long 2047                  /* longest command line */
    .long 0, 0, 0
    .long 0, 0
    .long 0, 0
    .quad PROTECTED_MODE_PART   /* preferred address */
    .long 0x10000               /* memory needed */
    .long 0
header_end:
    /* Segments and stack are the loader's. */
    mov $started, %si
    call print
    mov cmd_line_ptr, %eax
    shr $4, %eax
    push %ds
    mov %ax, %ds
    xor %si, %si
    call print
    pop %ds
    mov $kernel_says, %si
    call print
    mov $PROTECTED_MODE_PART, %eax
    call print_from
    mov $initrd_says, %si
    call print
    mov ramdisk_image, %eax
    call print_from
    mov $line_end, %si
    call print
    mov $EXIT_SUCCESS, %al
leave:
    out %al, $DEBUG_EXIT
halt:
    cli
    hlt
    jmp halt

/* Prints the text at linear address EAX. */
print_from:
    mov %ax, source + 2
    shr $16, %eax
    mov %al, source + 4
    mov %ah, source + 7
    mov $table, %si
    mov $(TEXT_SIZE / 2), %cx
    mov $0x87, %ah
    int $0x15
    mov $EXIT_COPY_FAILED, %al
    jc leave
    mov $TEXT, %si

/* Prints the text at DS:SI up to its zero. */
print:
    lodsb
    test %al, %al
    jz printed
    push %ax
    mov $COM1_LSR, %dx
wait_for_room:
    in %dx, %al
    test $LSR_THRE, %al
    jz wait_for_room
    mov $COM1, %dx
    pop %ax
    out %al, %dx
    jmp print
printed:
    ret

started:
    .asciz "Kernel started with: "
kernel_says:
    .asciz "; protected-mode part: "
initrd_says:
    .asciz "; initrd: "
line_end:
    .asciz "\r\n"

    .balign 8
table:
    .quad 0, 0
source:
    .quad 0x000093000000ffff
    .quad 0x000093000000ffff + (TEXT_LINEAR << 16)
    .quad 0, 0

    .org (1 + SETUP_SECTORS) * 512
    .asciz "all of it"
    .org (1 + SETUP_SECTORS) * 512 + PAYLOAD_SIZE
