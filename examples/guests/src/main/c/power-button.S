/*
 * Waits for the power button: the system control interrupt has to come, by the 8259s, and its status has to be
 * there and go. Then it switches the machine off, as the ACPI tables of a PC say how.
 */
#include "pvh.h"

#define PIC1_COMMAND 0x20
#define PIC1_DATA 0x21
#define PIC2_COMMAND 0xa0
#define PIC2_DATA 0xa1
#define ICW1_INIT_ICW4 0x11
#define ICW4_8086 0x01
#define PIC1_VECTOR 0x20
#define PIC2_VECTOR 0x28
#define CASCADE_IRQ 2

#define SCI_IRQ 9
#define SCI_VECTOR (PIC2_VECTOR + SCI_IRQ - 8)

#define PM1_STATUS 0x600
#define PM1_ENABLE 0x602
#define PM1_CONTROL 0x604
#define POWER_BUTTON 0x0100
#define SLEEP_ENABLE 0x2000     /* with sleep type 0, which is S5 */

#define CODE 0x08
#define DATA 0x10
#define INTERRUPT_GATE 0x8e00

    .macro outb port, value
    mov $\value, %al
    out %al, $\port
    .endm

    .macro outw port, value
    mov $\port, %dx
    mov $\value, %ax
    out %ax, %dx
    .endm

start:
    lgdt gdt_pointer
    ljmp $CODE, $segments
segments:
    mov $DATA, %ax
    mov %ax, %ds
    mov %ax, %es
    mov %ax, %ss
    mov $stack_end, %esp

    mov $button, %eax
    mov %ax, idt + 8 * SCI_VECTOR
    movw $CODE, idt + 8 * SCI_VECTOR + 2
    movw $INTERRUPT_GATE, idt + 8 * SCI_VECTOR + 4
    shr $16, %eax
    mov %ax, idt + 8 * SCI_VECTOR + 6
    lidt idt_pointer

    outb PIC1_COMMAND, ICW1_INIT_ICW4
    outb PIC2_COMMAND, ICW1_INIT_ICW4
    outb PIC1_DATA, PIC1_VECTOR
    outb PIC2_DATA, PIC2_VECTOR
    outb PIC1_DATA, (1 << CASCADE_IRQ)
    outb PIC2_DATA, CASCADE_IRQ
    outb PIC1_DATA, ICW4_8086
    outb PIC2_DATA, ICW4_8086
    outb PIC1_DATA, (0xff & ~(1 << CASCADE_IRQ))
    outb PIC2_DATA, (0xff & ~(1 << (SCI_IRQ - 8)))

    outw PM1_ENABLE, POWER_BUTTON
    print 'B'
wait:
    sti
    hlt
    jmp wait

button:
    mov $PM1_STATUS, %dx
    in %dx, %ax
    test $POWER_BUTTON, %ax
    jz failed
    outw PM1_STATUS, POWER_BUTTON
    in %dx, %ax
    test $POWER_BUTTON, %ax
    jnz failed
    print 'P'
    outw PM1_CONTROL, SLEEP_ENABLE
off:
    hlt
    jmp off

failed:
    leave_with 0x11

    .data
    .balign 8
gdt:
    .quad 0
    .quad 0x00cf9a000000ffff
    .quad 0x00cf92000000ffff
gdt_pointer:
    .word . - gdt - 1
    .long gdt
idt_pointer:
    .word 8 * (SCI_VECTOR + 1) - 1
    .long idt

    .bss
    .balign 8
idt:
    .space 8 * (SCI_VECTOR + 1)
    .space 256
stack_end:
