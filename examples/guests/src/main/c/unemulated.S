/*
 * Jumps to an address with nothing behind it. KVM then has to emulate an instruction that it cannot fetch, and gives up
 * with an internal error, whatever the processor.
 */
#include "pvh.h"

#define NOTHING_THERE 0xe0000000

start:
    print 'U'
    mov $NOTHING_THERE, %eax
    jmp *%eax
