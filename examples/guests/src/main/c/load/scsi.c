/* Requests of virtio-scsi (virtio 1.3 5.6.6.1) to logical units of target 0. */
#include "load.h"

#define ATTEMPTS 4
#define CAPACITY_SIZE 8

static uint32_t queues(struct virtio_device *device)
{
    return *(volatile uint32_t *)(device->config + CONFIG_NUM_QUEUES);
}

static void address(struct slot *slot, const struct disk *disk)
{
    scsi_address(slot->request.scsi.lun, 0, disk->lun);
    slot->answer.scsi.status = 0xff;
    slot->answer.scsi.response = 0xff;
}

static void redirect(struct slot *slot, const struct disk *disk, uint64_t block, uint32_t block_size)
{
    uint32_t blocks = block_size / disk->block_size;
    put_big_endian_32(slot->request.scsi.cdb + 2, block * blocks);
    put_big_endian_16(slot->request.scsi.cdb + 7, blocks);
    address(slot, disk);
}

/* The request whose CDB is there already, with room for what the target sends or with data for it. */
static void describe_request(struct queue *queue, struct slot *slot, uint32_t sent, uint32_t received)
{
    struct desc parts[REQUEST_PARTS] = {{.address = (uint64_t)&slot->request, .length = sizeof slot->request.scsi}};
    int count = 1;
    if (sent)
        parts[count++] = (struct desc){.address = (uint64_t)slot->data, .length = sent};
    int read_parts = count;
    parts[count++] = (struct desc){.address = (uint64_t)&slot->answer, .length = sizeof slot->answer.scsi};
    if (received)
        parts[count++] = (struct desc){.address = (uint64_t)slot->data, .length = received};
    queue_describe(queue, slot, parts, count, read_parts);
}

static void prepare(struct queue *queue, struct slot *slot, const struct disk *disk, enum operation operation,
        uint64_t block, uint32_t block_size)
{
    static const uint8_t codes[] = {[OP_READ] = READ_10, [OP_WRITE] = WRITE_10, [OP_FLUSH] = SYNCHRONIZE_CACHE_10};
    memset(&slot->request.scsi, 0, sizeof slot->request.scsi);
    slot->request.scsi.id = slot->id;
    slot->request.scsi.cdb[0] = codes[operation];
    if (operation == OP_FLUSH)
        address(slot, disk);
    else
        redirect(slot, disk, block, block_size);
    describe_request(queue, slot, operation == OP_WRITE ? block_size : 0, operation == OP_READ ? block_size : 0);
}

static bool succeeded(const struct slot *slot)
{
    return slot->answer.scsi.response == RESPONSE_OK && slot->answer.scsi.status == GOOD;
}

/* Sends a command until it does not meet a unit attention. */
static enum outcome command(struct queue *queue, const struct disk *disk, uint8_t code, uint32_t received)
{
    struct slot *slot = queue->slots;
    memset(&slot->request.scsi, 0, sizeof slot->request.scsi);
    slot->request.scsi.cdb[0] = code;
    describe_request(queue, slot, 0, received);
    for (int i = 0; i < ATTEMPTS; i++) {
        address(slot, disk);
        enum outcome outcome = queue_do(queue, slot);
        if (outcome != SUCCESS)
            return outcome;
        const struct scsi_response *answer = &slot->answer.scsi;
        if (answer->response == RESPONSE_BAD_TARGET || answer->response == RESPONSE_INCORRECT_LUN)
            return NO_DISK;
        if (answer->response != RESPONSE_OK || answer->status != CHECK_CONDITION
                || (answer->sense[2] & 0x0f) != UNIT_ATTENTION)
            break;
    }
    return succeeded(slot) ? SUCCESS : REQUEST_FAILED;
}

static enum outcome find(struct virtio_device *device, struct queue *queue, uint16_t lun, struct disk *disk)
{
    (void)device;
    disk->lun = lun;
    disk->block_size = 512;
    enum outcome outcome = command(queue, disk, TEST_UNIT_READY, 0);
    if (outcome == SUCCESS)
        outcome = command(queue, disk, READ_CAPACITY_10, CAPACITY_SIZE);
    if (outcome == SUCCESS) {
        const uint8_t *capacity = queue->slots->data;
        disk->blocks = (uint64_t)big_endian_32(capacity) + 1;
        disk->block_size = big_endian_32(capacity + 4);
    }
    return outcome;
}

const struct kind scsi_kind = {
    .first_queue = REQUEST_QUEUE,
    .features = 0,
    .queues = queues,
    .find = find,
    .prepare = prepare,
    .redirect = redirect,
    .succeeded = succeeded,
};
