/* Walks the PCI bus and reads from every virtio disk on it. */
#include "guest.h"

#define REVISION_AND_CLASS 0x08
#define VENDOR_VIRTIO 0x1af4
#define DEVICE_BLK_TRANSITIONAL 0x1001
#define DEVICE_SCSI_TRANSITIONAL 0x1004
#define DEVICE_BLK 0x1042
#define DEVICE_SCSI 0x1048

#define VENDOR_INTEL 0x8086
#define DEVICE_PIIX4_PM 0x7113
#define PMBA 0x40
#define PMBA_MASK 0xffc0

#define SPOILT 0xeeeeeeeeeeeeeeee

unsigned disks;
uint8_t block[BLOCK_MAX] __attribute__((aligned(16)));

static enum outcome first_failure = SUCCESS;

void spoil_block(size_t size)
{
    uint64_t *at = (uint64_t *)block;
    size_t count = (size + 7) / 8;
    __asm__ volatile("rep stosq" : "+D"(at), "+c"(count) : "a"(SPOILT) : "memory");
}

static const char *describe(enum outcome outcome)
{
    switch (outcome) {
    case SUCCESS:
        return "everything was read";
    case NO_DISK:
        return "no disk was found";
    case BAD_TRANSPORT:
        return "no modern virtio registers in a memory BAR with an address";
    case FEATURES_REFUSED:
        return "VERSION_1 refused";
    case NO_QUEUE:
        return "queue missing or too small";
    case TIMED_OUT:
        return "no answer in time";
    case REQUEST_FAILED:
        return "request failed";
    }
    return "?";
}

static void found(const struct pci_function *at)
{
    print("00:");
    print_hex(at->slot, 2);
    print(".");
    print_hex(at->function, 1);
    print(" ");
    print_hex(at->vendor, 4);
    print(":");
    print_hex(at->device, 4);
    print(" class ");
    print_hex(pci_read(at, REVISION_AND_CLASS) >> 8, 6);
    print("\n");

    enum outcome outcome = SUCCESS;
    if (at->vendor == VENDOR_INTEL && at->device == DEVICE_PIIX4_PM)
        power_management_base = pci_read(at, PMBA) & PMBA_MASK;
    else if (at->vendor == VENDOR_VIRTIO && (at->device == DEVICE_BLK || at->device == DEVICE_BLK_TRANSITIONAL))
        outcome = blk_run(at);
    else if (at->vendor == VENDOR_VIRTIO && (at->device == DEVICE_SCSI || at->device == DEVICE_SCSI_TRANSITIONAL))
        outcome = scsi_run(at);
    if (outcome != SUCCESS) {
        print(" failed: ");
        print(describe(outcome));
        print("\n");
        if (first_failure == SUCCESS)
            first_failure = outcome;
    }
}

void main(void)
{
    print("irtio disks\n");
    pci_walk(found);
    if (first_failure == SUCCESS && !disks)
        first_failure = NO_DISK;
    print(first_failure == SUCCESS ? "Finished: " : "Failed: ");
    print(describe(first_failure));
    print(", ");
    print_decimal(disks);
    print(disks == 1 ? " disk\n" : " disks\n");
    leave(first_failure);
}
