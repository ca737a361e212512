/* Drives every virtio disk by each interface that its function has, in turns, and resets it in the middle of its work. */
#include "transports.h"

#define ROUNDS 3
#define RESETS 30
#define POISON 0xa5

static uint8_t blocks[IN_FLIGHT][BLOCK] __attribute__((aligned(16)));
static enum outcome first_failure = SUCCESS;
static unsigned disks;

static enum outcome read_block(struct driver *driver, const struct disk *disk, uint64_t block)
{
    struct part parts[PARTS_MAX];
    uint16_t used = driver->avail[1];
    driver_offer(driver, 0, parts, disk->read(0, block, parts, blocks[0]));
    uint64_t start = ticks();
    driver_notify(driver);
    enum outcome outcome = driver_await(driver, used + 1);
    if (outcome != SUCCESS)
        return outcome;
    if (!disk->done(0))
        return REQUEST_FAILED;
    print_block(block, blocks[0], BLOCK, ticks() - start);
    return SUCCESS;
}

/* The first and the last block. Of a legacy device the first request comes before DRIVER_OK, as many drivers had it. */
static enum outcome read_ends(const struct pci_function *at, enum interface interface, const struct disk *disk)
{
    struct driver driver;
    enum outcome outcome = driver_open(&driver, at, interface, disk->queue);
    if (outcome != SUCCESS)
        return outcome;
    print(interface == LEGACY ? " legacy\n" : " modern\n");
    if (interface == MODERN)
        driver_start(&driver);
    uint64_t count = disk->blocks(&driver);
    if (count == 0)
        return REQUEST_FAILED;
    outcome = read_block(&driver, disk, 0);
    if (interface == LEGACY)
        driver_start(&driver);
    if (outcome == SUCCESS)
        outcome = read_block(&driver, disk, count - 1);
    enum outcome end = driver_close(&driver);
    return outcome == SUCCESS ? end : outcome;
}

static void poison_blocks(void)
{
    memset(blocks, POISON, sizeof blocks);
}

static bool blocks_are_poisoned(void)
{
    uint8_t *at = blocks[0];
    size_t count = sizeof blocks;
    bool same;
    __asm__ volatile("repe scasb" : "+D"(at), "+c"(count), "=@ccz"(same) : "a"((uint8_t)POISON) : "memory");
    return same;
}

/* Once a reset is over, whatever was in flight, the memory is the driver's alone. */
static enum outcome reset_in_flight(
        const struct pci_function *at, enum interface interface, const struct disk *disk, int delay)
{
    struct driver driver;
    enum outcome outcome = driver_open(&driver, at, interface, disk->queue);
    if (outcome != SUCCESS)
        return outcome;
    driver_start(&driver);
    struct part parts[PARTS_MAX];
    for (int i = 0; i < IN_FLIGHT; i++) {
        driver_offer(&driver, i, parts, disk->read(i, i, parts, blocks[i]));
        if (i == 0)
            driver_notify(&driver);
    }
    driver_notify(&driver);
    for (int i = 0; i < delay; i++)
        pause();
    outcome = driver_close(&driver);
    if (outcome != SUCCESS)
        return outcome;
    poison_blocks();
    poison_queue();
    if (blocks_are_poisoned() && queue_is_poisoned())
        return SUCCESS;
    print(" memory was written after a reset\n");
    return REQUEST_FAILED;
}

static enum outcome drive(const struct pci_function *at, const struct disk *disk)
{
    enum outcome outcome = SUCCESS;
    bool legacy = has_legacy(at);
    bool modern = has_modern(at);
    for (int round = 0; round < ROUNDS && outcome == SUCCESS; round++) {
        for (int interface = MODERN; interface <= LEGACY && outcome == SUCCESS; interface++) {
            if (interface == LEGACY ? !legacy : !modern)
                continue;
            outcome = read_ends(at, interface, disk);
            for (int i = 0; i < RESETS / ROUNDS && outcome == SUCCESS; i++)
                outcome = reset_in_flight(at, interface, disk, i * 7 % 64);
        }
    }
    if (outcome == SUCCESS)
        disks++;
    return outcome;
}

static void found(const struct pci_function *at)
{
    note_power_management(at);
    if (!is_virtio_blk(at) && !is_virtio_scsi(at))
        return;
    print("00:");
    print_hex(at->slot, 2);
    print(".");
    print_hex(at->function, 1);
    print(" ");
    print_hex(at->vendor, 4);
    print(":");
    print_hex(at->device, 4);
    print("\n");
    enum outcome outcome = drive(at, is_virtio_blk(at) ? &blk : &scsi);
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
    print("irtio transports\n");
    pci_walk(found);
    if (first_failure == SUCCESS && !disks)
        first_failure = NO_DISK;
    print(first_failure == SUCCESS ? "Finished: " : "Failed: ");
    if (first_failure != SUCCESS) {
        print(describe(first_failure));
        print(", ");
    }
    print_decimal(disks);
    print(disks == 1 ? " disk\n" : " disks\n");
    leave(first_failure);
}
