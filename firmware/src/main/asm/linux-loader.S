/*
 * An option ROM that a BIOS offers as a boot device (PnP BIOS specification 1.0A, 3.2): fetches the kernel, its
 * real-mode part, its command line and its initial RAM disk from the fw_cfg device, each to the address that the device
 * names, and starts the real-mode part as Linux's boot protocol has it. Whoever offers the ROM completes its checksum.
 */
#define ROM_SIZE 512

#define DMA_ADDRESS_LOW 0x518
#define DMA_ERROR 0x01
#define DMA_READ 0x02
#define DMA_SELECT 0x08

/* Keys of items. */
#define KERNEL_ADDRESS 0x07
#define KERNEL_SIZE 0x08
#define INITRD_ADDRESS 0x0a
#define INITRD_SIZE 0x0b
#define KERNEL_DATA 0x11
#define INITRD_DATA 0x12
#define COMMAND_LINE_ADDRESS 0x13
#define COMMAND_LINE_SIZE 0x14
#define COMMAND_LINE_DATA 0x15
#define SETUP_ADDRESS 0x16
#define SETUP_SIZE 0x17
#define SETUP_DATA 0x18

/* Where a boot sector would be, which there is none of: the description of a transfer, and what small items hold. */
#define ACCESS 0x7c00
#define VALUE 0x7c10

/* In the segment of the real-mode part: where it leaves room for a stack. */
#define STACK 0xfe00

    .section .note.GNU-stack, "", @progbits
    .text
    .code16
    .globl start
start:
    .byte 0x55, 0xaa
    .byte ROM_SIZE / 512
    /* Called once; AX says that there is nothing to be done about interrupts. */
    xor %ax, %ax
    lret

    .org 0x18
    .word 0                     /* no PCI data */
    .word expansion

    .balign 16
expansion:
    .ascii "$PnP"
    .byte 1                     /* revision */
    .byte 2                     /* length in 16 bytes */
    .word 0                     /* no other */
    .byte 0
    .byte 0                     /* checksum, for whoever completes it */
    .long 0                     /* device identifier */
    .word 0                     /* manufacturer */
    .word product
    .byte 0, 0, 0               /* type */
    .byte 0                     /* indicators */
    .word 0                     /* no boot connection vector */
    .word 0
    .word boot
    .word 0
    .word 0

product:
    .asciz "Linux kernel of this machine"

boot:
    cli
    cld
    xor %ax, %ax
    mov %ax, %ds
    mov %ax, %ss
    mov $ACCESS, %sp

    mov $SETUP_ADDRESS, %bl
    mov $SETUP_SIZE, %cl
    mov $SETUP_DATA, %dl
    call fetch
    mov $COMMAND_LINE_ADDRESS, %bl
    mov $COMMAND_LINE_SIZE, %cl
    mov $COMMAND_LINE_DATA, %dl
    call fetch
    mov $KERNEL_ADDRESS, %bl
    mov $KERNEL_SIZE, %cl
    mov $KERNEL_DATA, %dl
    call fetch
    mov $INITRD_ADDRESS, %bl
    mov $INITRD_SIZE, %cl
    mov $INITRD_DATA, %dl
    call fetch

    mov $SETUP_ADDRESS, %bl
    call value
    shr $4, %eax
    mov %ax, %ds
    mov %ax, %es
    mov %ax, %fs
    mov %ax, %gs
    mov %ax, %ss
    mov $STACK, %sp
    add $0x20, %ax              /* past the boot sector that the real-mode part begins with */
    push %ax
    push $0
    lret

/* Fetches item DL to the address in item BL; its length is in item CL. */
fetch:
    call value
    push %eax
    mov %cl, %bl
    call value
    mov %eax, %esi
    pop %edi
    mov %dl, %bl
    jmp transfer

/* Returns the 32 bits of item BL in EAX; ESI and EDI are lost. */
value:
    mov $4, %esi
    mov $VALUE, %edi
    call transfer
    mov VALUE, %eax
    ret

/* Copies the first ESI bytes of item BL to EDI. */
transfer:
    push %dx
    movzbl %bl, %eax
    shl $16, %eax
    mov $(DMA_SELECT | DMA_READ), %al
    bswap %eax
    mov %eax, ACCESS
    mov %esi, %eax
    bswap %eax
    mov %eax, ACCESS + 4
    movl $0, ACCESS + 8
    mov %edi, %eax
    bswap %eax
    mov %eax, ACCESS + 12
    mov $ACCESS, %eax
    bswap %eax
    mov $DMA_ADDRESS_LOW, %dx
    out %eax, %dx
    pop %dx
wait_for_end:
    mov ACCESS, %eax
    bswap %eax
    test %eax, %eax
    jz transferred
    test $DMA_ERROR, %al
    jz wait_for_end
    /* Nothing can be started: the BIOS says so, and tries the next device. */
    int $0x18
transferred:
    ret

    .org ROM_SIZE - 1
    .byte 0                     /* checksum */
