/* Prints the number that the BIOS gave its drive and the text in the sector after it, then leaves. */
#include "sector.h"

main:
    mov $started, %si
    call print
    mov drive, %al
    call print_byte
    mov $EXTENDED_READ, %ah
    call transfer
    mov $colon, %si
    call print
    mov $BUFFER, %si
    call print
    mov $line_end, %si
    call print
    mov $EXIT_SUCCESS, %al
    jmp leave

started:
    .asciz "Started from drive "
colon:
    .asciz ": "

    end_of_sector
