/*
 * What every boot sector starts with: segments, a stack, the drive's number in "drive", and the routines below; then it
 * goes on at "main". Each ends with the macro end_of_sector.
 */
#define COM1 0x3f8
#define COM1_LSR (COM1 + 5)
#define LSR_THRE 0x20
#define DEBUG_EXIT 0xf4
#define EXIT_SUCCESS 0x10
#define EXIT_DISK_FAILED 0x16

#define SECTOR_SIZE 512
#define BUFFER 0x8000

/* INT 13h */
#define EXTENDED_READ 0x42
#define EXTENDED_WRITE 0x43

    .section .note.GNU-stack, "", @progbits
    .text
    .code16
    .globl start
start:
    /* Some BIOSes jump to 07C0:0000 instead. */
    ljmp $0, $begin
begin:
    xor %ax, %ax
    mov %ax, %ds
    mov %ax, %es
    mov %ax, %ss
    mov $start, %sp
    cld
    mov %dl, drive
    jmp main

/* Moves the sector after this one between the disk and BUFFER, by function AH of the BIOS. */
transfer:
    mov $0, %al
    mov $packet, %si
    mov drive, %dl
    int $0x13
    jc failed
    ret
failed:
    mov $disk_failed, %si
    call print
    mov $EXIT_DISK_FAILED, %al

/* Ends the machine with AL. */
leave:
    out %al, $DEBUG_EXIT
halt:
    cli
    hlt
    jmp halt

/* Prints the text at SI up to its zero. */
print:
    lodsb
    test %al, %al
    jz printed
    call print_character
    jmp print

/* Prints AL as two hexadecimal digits. */
print_byte:
    push %ax
    shr $4, %al
    call print_digit
    pop %ax
    and $0x0f, %al
print_digit:
    add $'0', %al
    cmp $'9', %al
    jbe print_character
    add $('a' - '9' - 1), %al

print_character:
    push %ax
    mov $COM1_LSR, %dx
wait_for_room:
    in %dx, %al
    test $LSR_THRE, %al
    jz wait_for_room
    mov $COM1, %dx
    pop %ax
    out %al, %dx
printed:
    ret

disk_failed:
    .ascii ", whose next sector cannot be reached"
line_end:
    .asciz "\r\n"

drive:
    .byte 0

    .balign 4
packet:
    .byte 16, 0
    .word 1                     /* sectors */
    .word BUFFER, 0             /* offset, segment */
    .quad 1                     /* the first of them */

    .macro end_of_sector
    .org SECTOR_SIZE - 2
    .word 0xaa55
    .endm
