/* What the guests share, from the bottom up: machine, console, PCI and virtio. */
#ifndef GUEST_H
#define GUEST_H

#include <stdbool.h>
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
    NO_TIMER = 0x17,
    NO_MEMORY = 0x18,
    BAD_COMMAND_LINE = 0x19,
};

/* What went wrong, in a few words. */
const char *describe(enum outcome outcome);

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

static inline void pause(void)
{
    __asm__ volatile("pause");
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
/* The same for memory; of what is mapped as either, it stays so. */
void *map_memory(uint64_t physical, uint64_t length);

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

#define VENDOR_VIRTIO 0x1af4
#define DEVICE_BLK_TRANSITIONAL 0x1001
#define DEVICE_SCSI_TRANSITIONAL 0x1004
#define DEVICE_BLK 0x1042
#define DEVICE_SCSI 0x1048
#define VENDOR_INTEL 0x8086
#define DEVICE_PIIX4_PM 0x7113

bool is_virtio_blk(const struct pci_function *at);
bool is_virtio_scsi(const struct pci_function *at);
/* If this is the power management function, notes its I/O base. */
void note_power_management(const struct pci_function *at);

/* virtio.c */
struct virtio_device {
    volatile uint8_t *common;
    volatile uint8_t *notify;
    volatile uint8_t *config;
    uint32_t notify_multiplier;
    /* What was negotiated of the bits below 32. */
    uint32_t features;
};

#define VIRTIO_F_INDIRECT_DESC (1u << 28)
#define VIRTIO_F_EVENT_IDX (1u << 29)

#define DESC_F_NEXT 1
#define DESC_F_WRITE 2
#define DESC_F_INDIRECT 4
#define AVAIL_F_NO_INTERRUPT 1
#define USED_F_NO_NOTIFY 1

struct desc {
    uint64_t address;
    uint32_t length;
    uint16_t flags;
    uint16_t next;
};

struct used_element {
    uint32_t id;
    uint32_t length;
};

/* Finds the device's registers and negotiates of the features wanted what is offered; then come the queues. */
enum outcome virtio_open(struct virtio_device *device, const struct pci_function *at, uint32_t wanted);
/* Whether a queue is there and takes this size. */
bool virtio_queue_takes(struct virtio_device *device, int index, uint16_t size);
/* Gives the device a queue. */
void virtio_queue(struct virtio_device *device, int index, uint16_t size, volatile void *desc, volatile void *avail,
        volatile void *used);
/* Where the driver writes a queue's index to notify the device. */
volatile uint16_t *virtio_bell(struct virtio_device *device, int index);
void virtio_start(struct virtio_device *device);
/* Whether the device has given up on its driver. */
bool virtio_is_broken(struct virtio_device *device);
/* Resets the device, so that it forgets its queues. */
void virtio_close(struct virtio_device *device);

#endif
