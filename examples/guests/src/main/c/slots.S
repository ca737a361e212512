/*
 * Does with the slots of the PCI bus what an operating system does upon the event of the slot registers, by looking at
 * them all the time. Bytes on the serial port say how: see BuiltinGuest.SLOTS.
 */
#include "pvh.h"

#define INSERTED 0xae00
#define REQUESTED 0xae04
#define EJECT 0xae08
#define STATUS 0xae10

#define EJECTION_REQUEST_IN_USE 0x00030081      /* _OST: source event 3, status 81h */
#define SLOT_SHIFT 24

#define RESET_CONTROL 0xcf9
#define HARD_RESET 0x06

start:
    mov $'y', %bl               /* what is done about requests */
    print 'B'
look:
    mov $INSERTED, %dx
    in %dx, %eax
    test %eax, %eax
    jz no_news
    print 'I'
no_news:
    cmp $'i', %bl
    je listen
    mov $REQUESTED, %dx
    in %dx, %eax
    test %eax, %eax
    jz listen
    cmp $'n', %bl
    je refuse
    mov $EJECT, %dx
    out %eax, %dx
    print 'E'
    jmp listen
refuse:
    bsf %eax, %eax
    shl $SLOT_SHIFT, %eax
    or $EJECTION_REQUEST_IN_USE, %eax
    mov $STATUS, %dx
    out %eax, %dx
    print 'R'
listen:
    mov $COM1_LSR, %dx
    in %dx, %al
    test $LSR_DR, %al
    jz look
    mov $COM1, %dx
    in %dx, %al
    cmp $'q', %al
    je leave
    cmp $'r', %al
    je reset
    mov %al, %bl
    print '.'
    jmp look
reset:
    mov $RESET_CONTROL, %dx
    mov $HARD_RESET, %al
    out %al, %dx
stay:
    hlt
    jmp stay
leave:
    leave_with EXIT_SUCCESS
