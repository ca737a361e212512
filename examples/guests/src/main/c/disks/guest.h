/* The program's parts, from the bottom up: machine, console, PCI, virtio, and the two drivers. */
#ifndef GUEST_H
#define GUEST_H

#include <stddef.h>
#include <stdint.h>

/* How the run ends: the value for the debug exit port. The first failure counts. */
enum outcome {
    SUCCESS = 0x10,
    NO_DISK = 0x11,
    BAD_TRANSPORT = 0x12,
    FEATURES_REFUSED = 0x13,
    NO_QUEUE = 0x14,
    TIMED_OUT = 0x15,
    REQUEST_FAILED = 0x16,
};

/* machine.c */
static inline void out8(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline void out16(uint16_t port, uint16_t value)
{
    __asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port));
}

static inline void out32(uint16_t port, uint32_t value)
{
    __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint8_t in8(uint16_t port)
{
    uint8_t value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static inline uint32_t in32(uint16_t port)
{
    uint32_t value;
    __asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static inline uint64_t ticks(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

/* Longer than any request takes: 4 to 17 s, by the rate of the time stamp counter. */
#define PATIENCE_TICKS (1ULL << 34)

static inline void compiler_barrier(void)
{
    __asm__ volatile("" : : : "memory");
}

void *memset(void *to, int value, size_t size);
void *memcpy(void *to, const void *from, size_t size);

/* Maps the device memory at a physical address to the same address. Null if there is no table left for it. */
volatile uint8_t *map(uint64_t physical, uint64_t length);

/* Leaves the machine, by the first of the ways that works. */
__attribute__((noreturn)) void leave(enum outcome outcome);

/* The I/O base of the power management function, once the PCI walk has seen it. */
extern uint16_t power_management_base;

/* console.c */
void print(const char *text);
void print_hex(uint64_t value, int digits);
void print_decimal(uint64_t value);
/* Prints text of at most a width in quotes: up to a NUL, without trailing blanks, with dots for what is not printable. */
void print_quoted(const uint8_t *text, size_t width);
/* Prints the number of a block with its CRC-32 (the one of zip and Ethernet) and its first 16 bytes. */
void print_block(uint64_t lba, const uint8_t *data, size_t size, uint64_t ticks_taken);

/* pci.c */
struct pci_function {
    uint8_t slot;
    uint8_t function;
    uint16_t vendor;
    uint16_t device;
};

uint32_t pci_read(const struct pci_function *at, uint8_t offset);
void pci_write(const struct pci_function *at, uint8_t offset, uint32_t value);
/* Where a memory BAR is, or 0 if it is none or has no address. */
uint64_t pci_bar(const struct pci_function *at, int bar);
/* Calls back for every function of bus 0. */
void pci_walk(void (*found)(const struct pci_function *at));

/* virtio.c */
#define QUEUE_SIZE 4

struct virtio_device {
    volatile uint8_t *common;
    volatile uint8_t *notify;
    volatile uint8_t *config;
    uint32_t notify_multiplier;
};

/* A part of a request; the device reads the first of a request and writes the others. */
struct part {
    void *data;
    uint32_t size;
};

/* Finds the device's registers and negotiates; then come the queues, then virtio_start. */
enum outcome virtio_open(struct virtio_device *device, const struct pci_function *at);
enum outcome virtio_queue(struct virtio_device *device, int index);
void virtio_start(struct virtio_device *device);
/* Sends a request and waits until it is done. */
enum outcome virtio_request(struct virtio_device *device, int queue, const struct part *parts, int count);
/* Resets the device, so that it forgets its queues. */
void virtio_close(struct virtio_device *device);

/* blk.c and scsi.c: print every disk, count it in disks, and return the first trouble. */
extern unsigned disks;
enum outcome blk_run(const struct pci_function *at);
enum outcome scsi_run(const struct pci_function *at);

/* Room for the largest block that is read; filled with something that no disk holds before each read. */
#define BLOCK_MAX 4096
extern uint8_t block[BLOCK_MAX];
void spoil_block(size_t size);

#endif
