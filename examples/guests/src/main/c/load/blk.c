/* Requests of virtio-blk (virtio 1.3 5.2.6). */
#include "load.h"

#define SECTOR 512
#define CONFIG_CAPACITY 0
#define CONFIG_NUM_BLK_QUEUES 34

#define BLK_F_FLUSH (1u << 9)
#define BLK_F_MQ (1u << 12)

#define BLK_T_IN 0
#define BLK_T_OUT 1
#define BLK_T_FLUSH 4
#define BLK_S_OK 0

static uint32_t queues(struct virtio_device *device)
{
    return device->features & BLK_F_MQ ? *(volatile uint16_t *)(device->config + CONFIG_NUM_BLK_QUEUES) : 1;
}

static enum outcome find(struct virtio_device *device, struct queue *queue, uint16_t lun, struct disk *disk)
{
    (void)queue;
    if (lun)
        return NO_DISK;
    volatile uint32_t *config = (volatile uint32_t *)(device->config + CONFIG_CAPACITY);
    disk->blocks = config[0] | (uint64_t)config[1] << 32;
    disk->block_size = SECTOR;
    return SUCCESS;
}

static void redirect(struct slot *slot, const struct disk *disk, uint64_t block, uint32_t block_size)
{
    (void)disk;
    slot->request.blk.sector = block * (block_size / SECTOR);
    slot->answer.blk = 0xff;
}

static void prepare(struct queue *queue, struct slot *slot, const struct disk *disk, enum operation operation,
        uint64_t block, uint32_t block_size)
{
    static const uint32_t types[] = {[OP_READ] = BLK_T_IN, [OP_WRITE] = BLK_T_OUT, [OP_FLUSH] = BLK_T_FLUSH};
    struct desc parts[REQUEST_PARTS] = {{.address = (uint64_t)&slot->request, .length = sizeof slot->request.blk}};
    int count = 1;
    if (operation != OP_FLUSH)
        parts[count++] = (struct desc){.address = (uint64_t)slot->data, .length = block_size};
    int read_parts = operation == OP_READ ? 1 : count;
    parts[count++] = (struct desc){.address = (uint64_t)&slot->answer, .length = sizeof slot->answer.blk};
    slot->request.blk.type = types[operation];
    slot->request.blk.reserved = 0;
    redirect(slot, disk, operation == OP_FLUSH ? 0 : block, block_size);
    queue_describe(queue, slot, parts, count, read_parts);
}

static bool succeeded(const struct slot *slot)
{
    return slot->answer.blk == BLK_S_OK;
}

const struct kind blk_kind = {
    .first_queue = 0,
    .features = BLK_F_FLUSH | BLK_F_MQ,
    .queues = queues,
    .find = find,
    .prepare = prepare,
    .redirect = redirect,
    .succeeded = succeeded,
};
