/* Raises an exception that cannot be delivered, nor can the double fault that follows from that. */
#include "pvh.h"

start:
    print 'T'
    lidt no_table
    ud2
    leave_with 0

    .balign 8
no_table:
    .word 0                     /* limit */
    .long 0                     /* base */
