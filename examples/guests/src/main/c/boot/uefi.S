/*
 * The headers of a PE32+ file for UEFI firmware, made by hand since neither compiler nor linker knows the format. The
 * file is as it will be in memory, and its code runs wherever it is put.
 */
#define PAGE 0x1000
#define MACHINE_X86_64 0x8664
#define EXECUTABLE 0x0002
#define LARGE_ADDRESS_AWARE 0x0020
#define PE32_PLUS 0x020b
#define EFI_APPLICATION 10
#define CODE_READ_WRITE_EXECUTE 0xe0000020
#define DIRECTORIES 6

    .section .note.GNU-stack, "", @progbits
    .section .headers, "a"
    .ascii "MZ"
    .org 0x3c
    .long pe
    .balign 8
pe:
    .ascii "PE\0\0"
    .word MACHINE_X86_64
    .word 1                     /* sections */
    .long 0, 0, 0               /* time, symbols */
    .word sections - optional
    .word EXECUTABLE | LARGE_ADDRESS_AWARE
optional:
    .word PE32_PLUS
    .byte 0, 0                  /* linker */
    .long code_size
    .long 0, 0                  /* data */
    .long start
    .long PAGE                  /* base of code */
    .quad 0                     /* image base */
    .long PAGE, PAGE            /* alignment in memory and in the file */
    .word 0, 0, 0, 0, 0, 0      /* versions */
    .long 0
    .long image_size
    .long PAGE                  /* headers */
    .long 0                     /* checksum */
    .word EFI_APPLICATION
    .word 0
    .quad 0, 0, 0, 0            /* stack and heap */
    .long 0
    .long DIRECTORIES
    .fill DIRECTORIES, 8, 0
sections:
    .ascii ".text\0\0\0"
    .long code_size, PAGE       /* size and address in memory */
    .long code_size, PAGE       /* and in the file */
    .long 0, 0, 0
    .long CODE_READ_WRITE_EXECUTE
