/*
 * Counts its starts in the first byte of the sector after it, and in a byte that the clock's battery keeps, prints both
 * counts, and resets the machine in another way each time; when all have worked, it leaves.
 */
#include "sector.h"

#define RESET_CONTROL 0xcf9
#define SYSTEM_RESET 0x02
#define RESET_CPU 0x04
#define KEYBOARD_COMMAND 0x64
#define PULSE_RESET 0xfe
#define SYSTEM_CONTROL_A 0x92
#define CMOS_INDEX 0x70
#define CMOS_DATA 0x71
#define CMOS_FREE_BYTE 0x72     /* which no BIOS uses */
#define FAST_RESET 0x01
#define CR0_PE 0x01

main:
    mov $EXTENDED_READ, %ah
    call transfer
    incb BUFFER
    mov $EXTENDED_WRITE, %ah
    call transfer
    mov $started, %si
    call print
    mov BUFFER, %al
    call print_byte
    mov $' ', %al
    call print_character
    mov $CMOS_FREE_BYTE, %al
    out %al, $CMOS_INDEX
    in $CMOS_DATA, %al
    inc %ax
    out %al, $CMOS_DATA
    call print_byte
    mov $line_end, %si
    call print

    mov BUFFER, %al
    dec %al
    jz reset_control
    dec %al
    jz keyboard
    dec %al
    jz fast_reset
    dec %al
    jz triple_fault
    mov $EXIT_SUCCESS, %al
    jmp leave

reset_control:
    mov $RESET_CONTROL, %dx
    mov $SYSTEM_RESET, %al
    out %al, %dx
    mov $(SYSTEM_RESET | RESET_CPU), %al
    out %al, %dx
    jmp halt

keyboard:
    mov $PULSE_RESET, %al
    out %al, $KEYBOARD_COMMAND
    jmp halt

fast_reset:
    in $SYSTEM_CONTROL_A, %al
    or $FAST_RESET, %al
    out %al, $SYSTEM_CONTROL_A
    jmp halt

/* In protected mode, since a KVM that interprets real mode does not ask how long the table is. */
triple_fault:
    lidt no_table
    mov %cr0, %eax
    or $CR0_PE, %al
    mov %eax, %cr0
    ud2

started:
    .asciz "Start "

no_table:
    .word 0                     /* limit */
    .long 0                     /* base */

    end_of_sector
