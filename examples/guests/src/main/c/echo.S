/*
 * Sends every byte that arrives on the serial port back, up to and including a 'q', then leaves. The FIFOs stay off:
 * switching them on would drop what has been typed already.
 */
#include "pvh.h"

start:
    print '>'
next:
    mov $COM1_LSR, %dx
wait_for_data:
    in %dx, %al
    test $LSR_DR, %al
    jz wait_for_data
    mov $COM1, %dx
    in %dx, %al
    mov %al, %bl
    mov $COM1_LSR, %dx
wait_for_room:
    in %dx, %al
    test $LSR_THRE, %al
    jz wait_for_room
    mov $COM1, %dx
    mov %bl, %al
    out %al, %dx
    cmp $'q', %bl
    jne next
    leave_with EXIT_SUCCESS
