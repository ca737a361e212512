/* Walks the PCI bus and reads from every virtio disk on it. */
#include "disks.h"

#define REVISION_AND_CLASS 0x08
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

    note_power_management(at);
    enum outcome outcome = SUCCESS;
    if (is_virtio_blk(at))
        outcome = blk_run(at);
    else if (is_virtio_scsi(at))
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
    print(first_failure == SUCCESS ? "Finished: everything was read" : "Failed: ");
    if (first_failure != SUCCESS)
        print(describe(first_failure));
    print(", ");
    print_decimal(disks);
    print(disks == 1 ? " disk\n" : " disks\n");
    leave(first_failure);
}
