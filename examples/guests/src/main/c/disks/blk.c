/* virtio-blk (virtio 1.3 5.2): capacity, serial number, the first and the last block. */
#include "disks.h"

#define REQUESTS 0
#define SECTOR 512
#define ID_SIZE 20
#define CONFIG_CAPACITY 0
#define CONFIG_BLK_SIZE 20
#define F_BLK_SIZE (1u << 6)

#define BLK_T_IN 0
#define BLK_T_GET_ID 8
#define BLK_S_OK 0

struct blk_request {
    uint32_t type;
    uint32_t reserved;
    uint64_t sector;
};

static struct blk_request request;
static uint8_t status;

static enum outcome submit(struct virtio_device *device, uint32_t type, uint64_t sector, uint32_t size)
{
    request.type = type;
    request.sector = sector;
    status = 0xff;
    spoil_block(size);
    struct part parts[] = {{&request, sizeof request}, {block, size}, {&status, sizeof status}};
    enum outcome outcome = send_request(device, REQUESTS, parts, 3);
    if (outcome != SUCCESS)
        return outcome;
    if (status != BLK_S_OK) {
        print("  status ");
        print_decimal(status);
        print("\n");
        return REQUEST_FAILED;
    }
    return SUCCESS;
}

/* Requests count in sectors whatever the block is, but a disk may refuse less than a block. */
static enum outcome show_block(struct virtio_device *device, uint64_t number, uint32_t size)
{
    uint64_t start = ticks();
    enum outcome outcome = submit(device, BLK_T_IN, number * (size / SECTOR), size);
    uint64_t taken = ticks() - start;
    if (outcome == SUCCESS)
        print_block(number, block, size, taken);
    return outcome;
}

static uint32_t block_size(struct virtio_device *device)
{
    if (!(device->features & F_BLK_SIZE))
        return SECTOR;
    uint32_t size = *(volatile uint32_t *)(device->config + CONFIG_BLK_SIZE);
    return size < SECTOR || size > BLOCK_MAX ? SECTOR : size;
}

static enum outcome show(struct virtio_device *device)
{
    volatile uint32_t *config = (volatile uint32_t *)(device->config + CONFIG_CAPACITY);
    uint32_t size = block_size(device);
    uint64_t blocks = (config[0] | (uint64_t)config[1] << 32) / (size / SECTOR);
    enum outcome outcome = submit(device, BLK_T_GET_ID, 0, ID_SIZE);
    if (outcome != SUCCESS)
        return outcome;
    print(" virtio-blk serial ");
    print_quoted(block, ID_SIZE);
    print(" blocks ");
    print_decimal(blocks);
    print(" of ");
    print_decimal(size);
    print("\n");
    disks++;
    if (blocks == 0)
        return SUCCESS;
    outcome = show_block(device, 0, size);
    return outcome == SUCCESS ? show_block(device, blocks - 1, size) : outcome;
}

enum outcome blk_run(const struct pci_function *at)
{
    struct virtio_device device;
    enum outcome outcome = virtio_open(&device, at, F_BLK_SIZE);
    if (outcome == SUCCESS)
        outcome = open_queue(&device, REQUESTS);
    if (outcome == SUCCESS) {
        virtio_start(&device);
        outcome = show(&device);
    }
    virtio_close(&device);
    return outcome;
}
