/* What a virtio-scsi driver has to know: request queues (virtio 1.3 5.6), and the commands of SPC and SBC. */
#ifndef SCSI_H
#define SCSI_H

#include "guest.h"

#define CONTROL_QUEUE 0
#define EVENT_QUEUE 1
#define REQUEST_QUEUE 2
#define CONFIG_NUM_QUEUES 0
#define CONFIG_MAX_TARGET 30

#define CDB_SIZE 32
#define SENSE_SIZE 96

#define TEST_UNIT_READY 0x00
#define INQUIRY 0x12
#define INQUIRY_EVPD 1
#define VPD_UNIT_SERIAL_NUMBER 0x80
#define READ_CAPACITY_10 0x25
#define READ_10 0x28
#define WRITE_10 0x2a
#define SYNCHRONIZE_CACHE_10 0x35
#define READ_16 0x88
#define SERVICE_ACTION_IN_16 0x9e
#define SAI_READ_CAPACITY_16 0x10
#define REPORT_LUNS 0xa0

#define TYPE_MASK 0x1f
#define TYPE_DISK 0x00
#define TYPE_CD_ROM 0x05
#define QUALIFIER_MASK 0xe0

#define GOOD 0x00
#define CHECK_CONDITION 0x02
#define UNIT_ATTENTION 0x06
#define RESPONSE_OK 0
#define RESPONSE_BAD_TARGET 3
#define RESPONSE_INCORRECT_LUN 11

#define LUN_LIST_HEADER 8
#define LUN_SIZE 8
#define FLAT_ADDRESSING 0x40

struct scsi_request {
    uint8_t lun[8];
    uint64_t id;
    uint8_t task_attr;
    uint8_t prio;
    uint8_t crn;
    uint8_t cdb[CDB_SIZE];
} __attribute__((packed));

struct scsi_response {
    uint32_t sense_length;
    uint32_t residual;
    uint16_t status_qualifier;
    uint8_t status;
    uint8_t response;
    uint8_t sense[SENSE_SIZE];
} __attribute__((packed));

static inline uint32_t big_endian_32(const uint8_t *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return __builtin_bswap32(value);
}

static inline void put_big_endian_32(uint8_t *at, uint32_t value)
{
    value = __builtin_bswap32(value);
    memcpy(at, &value, sizeof value);
}

static inline void put_big_endian_16(uint8_t *at, uint16_t value)
{
    value = __builtin_bswap16(value);
    memcpy(at, &value, sizeof value);
}

/* virtio 1.3 5.6.6.1: a single-level LUN structure. */
static inline void scsi_address(uint8_t *at, uint8_t target, uint16_t lun)
{
    at[0] = 1;
    at[1] = target;
    at[2] = lun >> 8 | FLAT_ADDRESSING;
    at[3] = lun;
}

#endif
