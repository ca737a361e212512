/* Requests of virtio-scsi (virtio 1.3 5.6.6.1) for LUN 0 of target 0. */
#include "../common/scsi.h"
#include "transports.h"

#define ATTEMPTS 4

static struct scsi_request requests[IN_FLIGHT];
static struct scsi_response responses[IN_FLIGHT];

static int command(int index, uint8_t operation, struct part *parts, void *to, uint32_t size)
{
    struct scsi_request *request = &requests[index];
    memset(request, 0, sizeof *request);
    scsi_address(request->lun, 0, 0);
    request->cdb[0] = operation;
    responses[index].response = 0xff;
    parts[0] = (struct part){request, sizeof *request};
    parts[1] = (struct part){&responses[index], sizeof responses[index]};
    parts[2] = (struct part){to, size};
    return size ? 3 : 2;
}

static int scsi_read(int index, uint64_t block, struct part *parts, void *to)
{
    int count = command(index, READ_10, parts, to, BLOCK);
    put_big_endian_32(requests[index].cdb + 2, block);
    requests[index].cdb[8] = 1;
    return count;
}

static bool scsi_done(int index)
{
    return responses[index].response == RESPONSE_OK && responses[index].status == GOOD;
}

/* Also takes the unit attention that waits after a reset. */
static uint64_t scsi_blocks(struct driver *driver)
{
    static uint8_t capacity[8];
    struct part parts[PARTS_MAX];
    for (int i = 0; i < ATTEMPTS; i++) {
        uint16_t used = driver->avail[1];
        driver_offer(driver, 0, parts, command(0, READ_CAPACITY_10, parts, capacity, sizeof capacity));
        driver_notify(driver);
        if (driver_await(driver, used + 1) != SUCCESS)
            return 0;
        if (scsi_done(0))
            return big_endian_32(capacity) + 1ULL;
    }
    return 0;
}

const struct disk scsi = {REQUEST_QUEUE, scsi_read, scsi_done, scsi_blocks};
