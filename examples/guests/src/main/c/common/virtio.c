/* A driver's side of virtio 1.3: the PCI transport (4.1). */
#include "guest.h"

#define COMMAND 0x04
#define COMMAND_MEMORY 0x0002
#define COMMAND_MASTER 0x0004
#define COMMAND_MASK 0xffff
#define STATUS_CAPABILITIES 0x00100000
#define CAPABILITIES 0x34
#define CAPABILITIES_MAX 48
#define VENDOR_SPECIFIC 0x09

/* virtio 1.3 4.1.4: struct virtio_pci_cap */
#define CAP_BAR 4
#define CAP_OFFSET 8
#define CAP_LENGTH 12
#define CAP_NOTIFY_MULTIPLIER 16

enum config_type {
    COMMON_CFG = 1,
    NOTIFY_CFG = 2,
    DEVICE_CFG = 4,
};

/* virtio 1.3 4.1.4.3: struct virtio_pci_common_cfg */
#define DEVICE_FEATURE_SELECT 0x00
#define DEVICE_FEATURE 0x04
#define DRIVER_FEATURE_SELECT 0x08
#define DRIVER_FEATURE 0x0c
#define DEVICE_STATUS 0x14
#define QUEUE_SELECT 0x16
#define QUEUE_SIZE_REGISTER 0x18
#define QUEUE_ENABLE 0x1c
#define QUEUE_NOTIFY_OFF 0x1e
#define QUEUE_DESC 0x20
#define QUEUE_DRIVER 0x28
#define QUEUE_DEVICE 0x30

#define ACKNOWLEDGE 1
#define DRIVER 2
#define DRIVER_OK 4
#define FEATURES_OK 8
#define DEVICE_NEEDS_RESET 64

/* Bit 32, so bit 0 of the second word. */
#define VERSION_1 1

static uint8_t read8(volatile uint8_t *at)
{
    return *at;
}

static void write8(volatile uint8_t *at, uint8_t value)
{
    *at = value;
}

static uint16_t read16(volatile uint8_t *at)
{
    return *(volatile uint16_t *)at;
}

static void write16(volatile uint8_t *at, uint16_t value)
{
    *(volatile uint16_t *)at = value;
}

static uint32_t read32(volatile uint8_t *at)
{
    return *(volatile uint32_t *)at;
}

static void write32(volatile uint8_t *at, uint32_t value)
{
    *(volatile uint32_t *)at = value;
}

/* virtio 1.3 4.1.3.1: a 64-bit field is written as two 32-bit ones. */
static void write_address(volatile uint8_t *at, volatile void *address)
{
    write32(at, (uint64_t)address);
    write32(at + 4, (uint64_t)address >> 32);
}

static enum outcome find_registers(struct virtio_device *device, const struct pci_function *at)
{
    uint32_t command = pci_read(at, COMMAND);
    if (!(command & STATUS_CAPABILITIES))
        return BAD_TRANSPORT;
    /* The status half clears its bits where ones are written. */
    pci_write(at, COMMAND, (command & COMMAND_MASK) | COMMAND_MEMORY | COMMAND_MASTER);

    uint8_t next = pci_read(at, CAPABILITIES);
    for (int i = 0; i < CAPABILITIES_MAX && next; i++) {
        uint8_t cap = next;
        uint32_t head = pci_read(at, cap);
        next = head >> 8;
        uint8_t type = head >> 24;
        if ((head & 0xff) != VENDOR_SPECIFIC || (type != COMMON_CFG && type != NOTIFY_CFG && type != DEVICE_CFG))
            continue;
        uint64_t base = pci_bar(at, pci_read(at, cap + CAP_BAR) & 0xff);
        if (!base)
            return BAD_TRANSPORT;
        base += pci_read(at, cap + CAP_OFFSET);
        volatile uint8_t *registers = map(base, pci_read(at, cap + CAP_LENGTH));
        if (!registers)
            return BAD_TRANSPORT;
        if (type == COMMON_CFG) {
            device->common = registers;
        } else if (type == NOTIFY_CFG) {
            device->notify = registers;
            device->notify_multiplier = pci_read(at, cap + CAP_NOTIFY_MULTIPLIER);
        } else {
            device->config = registers;
        }
    }
    return device->common && device->notify && device->config ? SUCCESS : BAD_TRANSPORT;
}

static enum outcome reset(volatile uint8_t *common)
{
    write8(common + DEVICE_STATUS, 0);
    uint64_t start = ticks();
    while (read8(common + DEVICE_STATUS))
        if (ticks() - start > PATIENCE_TICKS)
            return TIMED_OUT;
    return SUCCESS;
}

enum outcome virtio_open(struct virtio_device *device, const struct pci_function *at, uint32_t wanted)
{
    memset(device, 0, sizeof *device);
    enum outcome outcome = find_registers(device, at);
    if (outcome != SUCCESS)
        return outcome;

    /* virtio 1.3 3.1.1: the order of these steps is prescribed. */
    volatile uint8_t *common = device->common;
    outcome = reset(common);
    if (outcome != SUCCESS)
        return outcome;
    write8(common + DEVICE_STATUS, ACKNOWLEDGE);
    write8(common + DEVICE_STATUS, ACKNOWLEDGE | DRIVER);
    write32(common + DEVICE_FEATURE_SELECT, 1);
    if (!(read32(common + DEVICE_FEATURE) & VERSION_1))
        return FEATURES_REFUSED;
    write32(common + DEVICE_FEATURE_SELECT, 0);
    device->features = read32(common + DEVICE_FEATURE) & wanted;
    write32(common + DRIVER_FEATURE_SELECT, 0);
    write32(common + DRIVER_FEATURE, device->features);
    write32(common + DRIVER_FEATURE_SELECT, 1);
    write32(common + DRIVER_FEATURE, VERSION_1);
    write8(common + DEVICE_STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK);
    return read8(common + DEVICE_STATUS) & FEATURES_OK ? SUCCESS : FEATURES_REFUSED;
}

bool virtio_queue_takes(struct virtio_device *device, int index, uint16_t size)
{
    write16(device->common + QUEUE_SELECT, index);
    return read16(device->common + QUEUE_SIZE_REGISTER) >= size;
}

volatile uint16_t *virtio_bell(struct virtio_device *device, int index)
{
    write16(device->common + QUEUE_SELECT, index);
    uint32_t bell = read16(device->common + QUEUE_NOTIFY_OFF) * device->notify_multiplier;
    return (volatile uint16_t *)(device->notify + bell);
}

void virtio_queue(struct virtio_device *device, int index, uint16_t size, volatile void *desc, volatile void *avail,
        volatile void *used)
{
    volatile uint8_t *common = device->common;
    write16(common + QUEUE_SELECT, index);
    write16(common + QUEUE_SIZE_REGISTER, size);
    write_address(common + QUEUE_DESC, desc);
    write_address(common + QUEUE_DRIVER, avail);
    write_address(common + QUEUE_DEVICE, used);
    write16(common + QUEUE_ENABLE, 1);
}

void virtio_start(struct virtio_device *device)
{
    write8(device->common + DEVICE_STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
}

bool virtio_is_broken(struct virtio_device *device)
{
    return read8(device->common + DEVICE_STATUS) & DEVICE_NEEDS_RESET;
}

void virtio_close(struct virtio_device *device)
{
    if (device->common)
        reset(device->common);
}
