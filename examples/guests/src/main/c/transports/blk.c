/* Requests of virtio-blk (virtio 1.3 5.2.6). */
#include "transports.h"

static struct {
    uint32_t type;
    uint32_t reserved;
    uint64_t sector;
} headers[IN_FLIGHT];

static uint8_t statuses[IN_FLIGHT];

static int blk_read(int index, uint64_t block, struct part *parts, void *to)
{
    headers[index].sector = block;
    statuses[index] = 0xff;
    parts[0] = (struct part){&headers[index], sizeof headers[index]};
    parts[1] = (struct part){to, BLOCK};
    parts[2] = (struct part){&statuses[index], 1};
    return 3;
}

static bool blk_done(int index)
{
    return statuses[index] == 0;
}

static uint64_t blk_blocks(struct driver *driver)
{
    return driver_config(driver, 0) | (uint64_t)driver_config(driver, 4) << 32;
}

const struct disk blk = {0, blk_read, blk_done, blk_blocks};
