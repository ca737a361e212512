/* The legacy interface of virtio 0.9.5 beside the modern one (virtio 1.3 4.1.4.10), each with one queue. */
#include "transports.h"

#define COMMAND 0x04
#define COMMAND_IO 0x0001
#define COMMAND_MASTER 0x0004
#define COMMAND_MASK 0xffff
#define REVISION 0x08
#define BAR0 0x10
#define BAR_IO 0x1
#define CAPABILITIES 0x34
#define VENDOR_SPECIFIC 0x09

#define DRIVER_FEATURES 4
#define QUEUE_ADDRESS 8
#define QUEUE_SIZE 12
#define QUEUE_SELECT 14
#define QUEUE_NOTIFY 16
#define DEVICE_STATUS 18
#define CONFIG 20

#define ACKNOWLEDGE 1
#define DRIVER 2
#define DRIVER_OK 4

#define PAGE 4096
#define POISON 0x5a5a5a5a5a5a5a5a

/* Descriptors and available ring, then the used ring at the next page (virtio 1.3 2.7.2). */
static uint8_t queue_memory[PAGE * QUEUE_MAX / 256 + PAGE + PAGE] __attribute__((aligned(PAGE)));

static uint16_t in16(uint16_t port)
{
    uint16_t value;
    __asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

bool has_legacy(const struct pci_function *at)
{
    return (pci_read(at, REVISION) & 0xff) == 0 && pci_read(at, BAR0) & BAR_IO;
}

bool has_modern(const struct pci_function *at)
{
    for (uint8_t cap = pci_read(at, CAPABILITIES); cap; cap = pci_read(at, cap) >> 8)
        if ((pci_read(at, cap) & 0xff) == VENDOR_SPECIFIC)
            return true;
    return false;
}

static enum outcome open_legacy(struct driver *driver, const struct pci_function *at)
{
    uint32_t command = pci_read(at, COMMAND) & COMMAND_MASK;
    pci_write(at, COMMAND, command | COMMAND_IO | COMMAND_MASTER);
    driver->ports = pci_read(at, BAR0) & ~3;
    enum outcome outcome = driver_close(driver);
    if (outcome != SUCCESS)
        return outcome;
    out8(driver->ports + DEVICE_STATUS, ACKNOWLEDGE);
    out8(driver->ports + DEVICE_STATUS, ACKNOWLEDGE | DRIVER);
    out32(driver->ports + DRIVER_FEATURES, 0);
    out16(driver->ports + QUEUE_SELECT, driver->queue);
    driver->size = in16(driver->ports + QUEUE_SIZE);
    return driver->size ? SUCCESS : NO_QUEUE;
}

static enum outcome open_modern(struct driver *driver, const struct pci_function *at)
{
    enum outcome outcome = virtio_open(&driver->modern, at, 0);
    if (outcome != SUCCESS)
        return outcome;
    driver->size = QUEUE_MAX;
    while (driver->size && !virtio_queue_takes(&driver->modern, driver->queue, driver->size))
        driver->size /= 2;
    return driver->size ? SUCCESS : NO_QUEUE;
}

enum outcome driver_open(struct driver *driver, const struct pci_function *at, enum interface interface, int queue)
{
    memset(driver, 0, sizeof *driver);
    driver->interface = interface;
    driver->queue = queue;
    enum outcome outcome = interface == LEGACY ? open_legacy(driver, at) : open_modern(driver, at);
    if (outcome != SUCCESS)
        return outcome;
    if (driver->size > QUEUE_MAX)
        return NO_MEMORY;
    if (driver->size < IN_FLIGHT * PARTS_MAX)
        return NO_QUEUE;

    memset(queue_memory, 0, sizeof queue_memory);
    uint64_t start = (uint64_t)queue_memory;
    uint64_t avail = start + sizeof(struct desc) * driver->size;
    uint64_t used = (avail + sizeof(uint16_t) * (3 + driver->size) + PAGE - 1) & -(uint64_t)PAGE;
    driver->desc = (volatile struct desc *)start;
    driver->avail = (volatile uint16_t *)avail;
    driver->used = (volatile uint16_t *)used;
    driver->avail[0] = AVAIL_F_NO_INTERRUPT;
    if (interface == LEGACY) {
        out32(driver->ports + QUEUE_ADDRESS, start / PAGE);
        return SUCCESS;
    }
    virtio_queue(&driver->modern, queue, driver->size, driver->desc, driver->avail, driver->used);
    driver->bell = virtio_bell(&driver->modern, queue);
    return SUCCESS;
}

void driver_start(struct driver *driver)
{
    if (driver->interface == LEGACY)
        out8(driver->ports + DEVICE_STATUS, ACKNOWLEDGE | DRIVER | DRIVER_OK);
    else
        virtio_start(&driver->modern);
}

uint32_t driver_config(struct driver *driver, int offset)
{
    return driver->interface == LEGACY ? in32(driver->ports + CONFIG + offset)
                                       : *(volatile uint32_t *)(driver->modern.config + offset);
}

void driver_notify(struct driver *driver)
{
    if (driver->interface == LEGACY)
        out16(driver->ports + QUEUE_NOTIFY, driver->queue);
    else
        *driver->bell = driver->queue;
}

enum outcome driver_close(struct driver *driver)
{
    if (driver->interface == MODERN) {
        virtio_close(&driver->modern);
        return SUCCESS;
    }
    out8(driver->ports + DEVICE_STATUS, 0);
    uint64_t start = ticks();
    while (in8(driver->ports + DEVICE_STATUS))
        if (ticks() - start > PATIENCE_TICKS)
            return TIMED_OUT;
    return SUCCESS;
}

void driver_offer(struct driver *driver, int index, const struct part *parts, int count)
{
    int first = PARTS_MAX * index;
    for (int i = 0; i < count; i++) {
        volatile struct desc *desc = &driver->desc[first + i];
        desc->address = (uint64_t)parts[i].data;
        desc->length = parts[i].size;
        desc->flags = (i > 0 ? DESC_F_WRITE : 0) | (i < count - 1 ? DESC_F_NEXT : 0);
        desc->next = first + i + 1;
    }
    uint16_t idx = driver->avail[1];
    driver->avail[2 + (idx & (driver->size - 1))] = first;
    compiler_barrier();
    driver->avail[1] = idx + 1;
    compiler_barrier();
}

enum outcome driver_await(struct driver *driver, uint16_t used)
{
    uint64_t start = ticks();
    while (driver->used[1] != used) {
        if (ticks() - start > PATIENCE_TICKS)
            return TIMED_OUT;
        pause();
    }
    compiler_barrier();
    return SUCCESS;
}

void poison_queue(void)
{
    uint64_t *at = (uint64_t *)queue_memory;
    size_t count = sizeof queue_memory / sizeof *at;
    __asm__ volatile("rep stosq" : "+D"(at), "+c"(count) : "a"(POISON) : "memory");
}

bool queue_is_poisoned(void)
{
    uint64_t *at = (uint64_t *)queue_memory;
    size_t count = sizeof queue_memory / sizeof *at;
    bool same;
    __asm__ volatile("repe scasq" : "+D"(at), "+c"(count), "=@ccz"(same) : "a"(POISON) : "memory");
    return same;
}
