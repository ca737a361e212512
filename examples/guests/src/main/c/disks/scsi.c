/* virtio-scsi (virtio 1.3 5.6): every logical unit of every target, as SPC and SBC describe it, and two blocks. */
#include "disks.h"
#include "../common/scsi.h"

#define ATTEMPTS 4
#define LUNS_MAX 16
#define INQUIRY_SIZE 36

static struct scsi_request request;
static struct scsi_response response;

static void address(uint8_t target, uint16_t lun)
{
    memset(&request, 0, sizeof request);
    scsi_address(request.lun, target, lun);
}

static void command(uint8_t operation)
{
    memset(request.cdb, 0, CDB_SIZE);
    request.cdb[0] = operation;
}

/* Sends the command that is in request, with size bytes for block; repeats it while it meets unit attentions. */
static enum outcome submit(struct virtio_device *device, uint32_t size)
{
    for (int i = 0; i < ATTEMPTS; i++) {
        response.status = 0xff;
        response.response = 0xff;
        spoil_block(size);
        struct part parts[] = {{&request, sizeof request}, {&response, sizeof response}, {block, size}};
        enum outcome outcome = send_request(device, REQUEST_QUEUE, parts, size ? 3 : 2);
        if (outcome != SUCCESS)
            return outcome;
        if (response.response != RESPONSE_OK || response.status != CHECK_CONDITION
                || (response.sense[2] & 0x0f) != UNIT_ATTENTION)
            break;
    }
    return response.response == RESPONSE_OK && response.status == GOOD ? SUCCESS : REQUEST_FAILED;
}

static enum outcome complain(enum outcome outcome)
{
    if (outcome == REQUEST_FAILED) {
        print("  command ");
        print_hex(request.cdb[0], 2);
        print(" response ");
        print_decimal(response.response);
        print(" status ");
        print_hex(response.status, 2);
        if (response.status == CHECK_CONDITION) {
            print(" sense ");
            print_hex(response.sense[2] & 0x0f, 1);
            print("/");
            print_hex(response.sense[12], 2);
            print("/");
            print_hex(response.sense[13], 2);
        }
        print("\n");
    }
    return outcome;
}

static enum outcome show_block(struct virtio_device *device, uint64_t lba, uint32_t size)
{
    if (lba >> 32) {
        command(READ_16);
        put_big_endian_32(request.cdb + 2, lba >> 32);
        put_big_endian_32(request.cdb + 6, lba);
        request.cdb[13] = 1;
    } else {
        command(READ_10);
        put_big_endian_32(request.cdb + 2, lba);
        request.cdb[8] = 1;
    }
    uint64_t start = ticks();
    enum outcome outcome = submit(device, size);
    uint64_t taken = ticks() - start;
    if (outcome != SUCCESS)
        return complain(outcome);
    print_block(lba, block, size, taken);
    return SUCCESS;
}

static enum outcome show_medium(struct virtio_device *device)
{
    command(TEST_UNIT_READY);
    enum outcome outcome = submit(device, 0);
    if (outcome != SUCCESS)
        return complain(outcome);

    command(READ_CAPACITY_10);
    outcome = submit(device, 8);
    if (outcome != SUCCESS)
        return complain(outcome);
    uint64_t last = big_endian_32(block);
    uint32_t size = big_endian_32(block + 4);
    if (last == 0xffffffff) {
        command(SERVICE_ACTION_IN_16);
        request.cdb[1] = SAI_READ_CAPACITY_16;
        request.cdb[13] = 32;
        outcome = submit(device, 32);
        if (outcome != SUCCESS)
            return complain(outcome);
        last = (uint64_t)big_endian_32(block) << 32 | big_endian_32(block + 4);
        size = big_endian_32(block + 8);
    }
    print(" blocks ");
    print_decimal(last + 1);
    print(" of ");
    print_decimal(size);
    print("\n");
    if (size < 16 || size > BLOCK_MAX)
        return REQUEST_FAILED;
    outcome = show_block(device, 0, size);
    return outcome == SUCCESS ? show_block(device, last, size) : outcome;
}

static enum outcome show_unit(struct virtio_device *device, uint8_t target, uint16_t lun)
{
    address(target, lun);
    command(INQUIRY);
    request.cdb[4] = INQUIRY_SIZE;
    enum outcome outcome = submit(device, INQUIRY_SIZE);
    if (outcome != SUCCESS)
        return complain(outcome);
    if (block[0] & QUALIFIER_MASK)
        return SUCCESS;
    uint8_t type = block[0] & TYPE_MASK;
    print(" virtio-scsi target ");
    print_decimal(target);
    print(" lun ");
    print_decimal(lun);
    print(" type ");
    print_hex(type, 2);
    print(" vendor ");
    print_quoted(block + 8, 8);
    print(" product ");
    print_quoted(block + 16, 16);

    command(INQUIRY);
    request.cdb[1] = INQUIRY_EVPD;
    request.cdb[2] = VPD_UNIT_SERIAL_NUMBER;
    request.cdb[4] = 255;
    outcome = submit(device, 255);
    print(" serial ");
    if (outcome == SUCCESS)
        print_quoted(block + 4, block[3] > 251 ? 251 : block[3]);
    else if (outcome == REQUEST_FAILED)
        print("none");
    else
        return outcome;
    if (type != TYPE_DISK && type != TYPE_CD_ROM) {
        print("\n");
        return SUCCESS;
    }
    disks++;
    return show_medium(device);
}

static enum outcome show_target(struct virtio_device *device, uint8_t target)
{
    static uint16_t luns[LUNS_MAX];
    address(target, 0);
    command(REPORT_LUNS);
    put_big_endian_32(request.cdb + 6, LUN_LIST_HEADER + LUNS_MAX * LUN_SIZE);
    enum outcome outcome = submit(device, LUN_LIST_HEADER + LUNS_MAX * LUN_SIZE);
    if (outcome == REQUEST_FAILED
            && (response.response == RESPONSE_BAD_TARGET || response.response == RESPONSE_INCORRECT_LUN))
        return SUCCESS;
    if (outcome != SUCCESS)
        return complain(outcome);
    uint32_t count = big_endian_32(block) / LUN_SIZE;
    if (count > LUNS_MAX)
        count = LUNS_MAX;
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *entry = block + LUN_LIST_HEADER + i * LUN_SIZE;
        luns[i] = (entry[0] & ~(FLAT_ADDRESSING | 0x80)) << 8 | entry[1];
    }
    enum outcome first = SUCCESS;
    for (uint32_t i = 0; i < count; i++) {
        outcome = show_unit(device, target, luns[i]);
        if (first == SUCCESS)
            first = outcome;
    }
    return first;
}

enum outcome scsi_run(const struct pci_function *at)
{
    struct virtio_device device;
    enum outcome outcome = virtio_open(&device, at, 0);
    for (int queue = CONTROL_QUEUE; outcome == SUCCESS && queue <= REQUEST_QUEUE; queue++)
        outcome = open_queue(&device, queue);
    if (outcome == SUCCESS) {
        virtio_start(&device);
        uint16_t last = *(volatile uint16_t *)(device.config + CONFIG_MAX_TARGET);
        if (last > 255)
            last = 255;
        for (unsigned target = 0; target <= last && outcome != TIMED_OUT; target++) {
            enum outcome one = show_target(&device, target);
            if (outcome == SUCCESS)
                outcome = one;
            if (one == TIMED_OUT)
                break;
        }
    }
    virtio_close(&device);
    return outcome;
}
