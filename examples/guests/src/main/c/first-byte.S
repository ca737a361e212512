/* Prints one byte as its first act and leaves: what is measured with it is the VMM's start-up, and nothing else. */
#include "pvh.h"

start:
    print 'V'
    leave_with EXIT_SUCCESS
