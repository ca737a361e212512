/* Prints one byte and resets the machine: whether there is another life is the VMM's affair. */
#include "pvh.h"

#define RESET_CONTROL 0xcf9
#define SYSTEM_RESET 0x02
#define RESET_CPU 0x04

start:
    print 'R'
    mov $RESET_CONTROL, %dx
    mov $SYSTEM_RESET, %al
    out %al, %dx
    mov $(SYSTEM_RESET | RESET_CPU), %al
    out %al, %dx
    leave_with 0
