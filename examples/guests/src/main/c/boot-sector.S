/*
 * A boot sector: prints the number that the BIOS gave its drive, and the text in the sector after it, read through the
 * BIOS (INT 13h, extended read), then leaves.
 */
#define COM1 0x3f8
#define COM1_LSR (COM1 + 5)
#define LSR_THRE 0x20
#define DEBUG_EXIT 0xf4
#define EXIT_SUCCESS 0x10
#define EXIT_READ_FAILED 0x16

#define SECTOR_SIZE 512
#define BUFFER 0x8000

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

    mov $started, %si
    call print
    mov drive, %al
    call print_byte
    mov $packet, %si
    mov drive, %dl
    mov $0x42, %ah
    int $0x13
    jc failed
    mov $colon, %si
    call print
    mov $BUFFER, %si
    call print
    mov $line_end, %si
    call print
    mov $EXIT_SUCCESS, %al
    jmp leave
failed:
    mov $cannot_read, %si
    call print
    mov $EXIT_READ_FAILED, %al
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
    jz done
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
done:
    ret

started:
    .asciz "Started from drive "
colon:
    .asciz ": "
cannot_read:
    .ascii ", which cannot be read"
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

    .org SECTOR_SIZE - 2
    .word 0xaa55
