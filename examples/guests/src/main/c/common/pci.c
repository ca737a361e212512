/* PCI configuration by mechanism 1 (PCI 3.0 3.2.2.3.2). */
#include "guest.h"

#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA 0xcfc
#define CONFIG_ENABLE 0x80000000

#define SLOTS 32
#define FUNCTIONS 8
#define NOBODY 0xffff

#define HEADER_TYPE_REGISTER 0x0c
#define MULTI_FUNCTION 0x00800000
#define BAR0 0x10

#define PMBA 0x40
#define PMBA_MASK 0xffc0

#define BAR_IO 0x1
#define BAR_TYPE 0x6
#define BAR_64_BIT 0x4
#define BAR_FLAGS 0xf

static void select(const struct pci_function *at, uint8_t offset)
{
    out32(CONFIG_ADDRESS, CONFIG_ENABLE | at->slot << 11 | at->function << 8 | (offset & 0xfc));
}

uint32_t pci_read(const struct pci_function *at, uint8_t offset)
{
    select(at, offset);
    return in32(CONFIG_DATA);
}

void pci_write(const struct pci_function *at, uint8_t offset, uint32_t value)
{
    select(at, offset);
    out32(CONFIG_DATA, value);
}

uint64_t pci_bar(const struct pci_function *at, int bar)
{
    if (bar > 5)
        return 0;
    uint32_t low = pci_read(at, BAR0 + 4 * bar);
    if (low & BAR_IO)
        return 0;
    uint64_t base = low & ~BAR_FLAGS;
    if ((low & BAR_TYPE) == BAR_64_BIT && bar < 5)
        base |= (uint64_t)pci_read(at, BAR0 + 4 * (bar + 1)) << 32;
    return base;
}

void pci_walk(void (*found)(const struct pci_function *at))
{
    for (int slot = 0; slot < SLOTS; slot++) {
        int functions = 1;
        for (int function = 0; function < functions; function++) {
            struct pci_function at = {.slot = slot, .function = function};
            uint32_t id = pci_read(&at, 0);
            if ((id & 0xffff) == NOBODY)
                continue;
            at.vendor = id;
            at.device = id >> 16;
            if (function == 0 && pci_read(&at, HEADER_TYPE_REGISTER) & MULTI_FUNCTION)
                functions = FUNCTIONS;
            found(&at);
        }
    }
}

bool is_virtio_blk(const struct pci_function *at)
{
    return at->vendor == VENDOR_VIRTIO && (at->device == DEVICE_BLK || at->device == DEVICE_BLK_TRANSITIONAL);
}

bool is_virtio_scsi(const struct pci_function *at)
{
    return at->vendor == VENDOR_VIRTIO && (at->device == DEVICE_SCSI || at->device == DEVICE_SCSI_TRANSITIONAL);
}

void note_power_management(const struct pci_function *at)
{
    if (at->vendor == VENDOR_INTEL && at->device == DEVICE_PIIX4_PM)
        power_management_base = pci_read(at, PMBA) & PMBA_MASK;
}
