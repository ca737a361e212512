/* virtio-blk (virtio 1.3 5.2): capacity, serial number, the first and the last sector. */
#include "disks.h"

#define REQUESTS 0
#define SECTOR 512
#define ID_SIZE 20
#define CONFIG_CAPACITY 0

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

static enum outcome show_sector(struct virtio_device *device, uint64_t sector)
{
    uint64_t start = ticks();
    enum outcome outcome = submit(device, BLK_T_IN, sector, SECTOR);
    uint64_t taken = ticks() - start;
    if (outcome == SUCCESS)
        print_block(sector, block, SECTOR, taken);
    return outcome;
}

static enum outcome show(struct virtio_device *device)
{
    volatile uint32_t *config = (volatile uint32_t *)(device->config + CONFIG_CAPACITY);
    uint64_t capacity = config[0] | (uint64_t)config[1] << 32;
    enum outcome outcome = submit(device, BLK_T_GET_ID, 0, ID_SIZE);
    if (outcome != SUCCESS)
        return outcome;
    print(" virtio-blk serial ");
    print_quoted(block, ID_SIZE);
    print(" blocks ");
    print_decimal(capacity);
    print(" of 512\n");
    disks++;
    if (capacity == 0)
        return SUCCESS;
    outcome = show_sector(device, 0);
    return outcome == SUCCESS ? show_sector(device, capacity - 1) : outcome;
}

enum outcome blk_run(const struct pci_function *at)
{
    struct virtio_device device;
    enum outcome outcome = virtio_open(&device, at, 0);
    if (outcome == SUCCESS)
        outcome = open_queue(&device, REQUESTS);
    if (outcome == SUCCESS) {
        virtio_start(&device);
        outcome = show(&device);
    }
    virtio_close(&device);
    return outcome;
}
