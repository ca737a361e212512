/* The parts of this guest: what it is told, memory, time, queues, the two kinds of disk, and what it does with them. */
#ifndef LOAD_H
#define LOAD_H

#include "../common/guest.h"
#include "../common/scsi.h"

/* user.S: goes on at CPL 3, at a function that never returns. */
__attribute__((noreturn)) void enter_user(void (*function)(void));

/* jobs.c */
enum access { READ, WRITE, RAND_READ, RAND_WRITE };

struct job {
    bool scsi;
    bool records;
    enum access access;
    uint32_t depth;
    uint32_t block_size;
    uint32_t milliseconds;
    uint32_t devices;
    uint32_t queues;
    uint32_t luns;
    uint32_t flush_every;
    uint32_t think_nanoseconds;
    uint32_t wanted_features;
    uint64_t seed;
};

/* Copies the command line away from where it is. */
bool jobs_begin(const char *command_line);
/* The next job, which starts from the one before. False if there is none, or bad_word if that is not NULL now. */
bool jobs_next(struct job *job);
extern const char *bad_word;
void print_job(const struct job *job);

/* memory.c */
struct hvm_start_info;
/* Finds the memory above this program. */
enum outcome memory_begin(const struct hvm_start_info *info);
/* Takes all memory back. */
void memory_clear(void);
/* Memory of zeros, in whole pages, for as long as the job takes. NULL if there is no more. */
void *take_memory(uint64_t size);

/* time.c */
enum outcome time_begin(void);
uint64_t to_nanoseconds(uint64_t ticks);
uint64_t to_ticks(uint64_t milliseconds);

void histogram_clear(void);
void histogram_add(uint64_t ticks);
/* The time in ticks that a share of all, in thousandths, stayed below. */
uint64_t histogram_quantile(uint32_t thousandths);
uint64_t histogram_max(void);

/* queue.c */
#define REQUEST_PARTS 3

/* virtio 1.3 5.2.6 */
struct blk_request {
    uint32_t type;
    uint32_t reserved;
    uint64_t sector;
};

/* What a processor takes from another at once. */
#define CACHE_LINE 64

/* A request that is used again and again. The device reads and writes the first three fields, each of which has cache
 * lines of its own, as from the allocator of an operating system: what is measured is not how they share them. */
struct slot {
    _Alignas(CACHE_LINE) struct desc table[REQUEST_PARTS];
    _Alignas(CACHE_LINE) union {
        struct blk_request blk;
        struct scsi_request scsi;
    } request;
    _Alignas(CACHE_LINE) union {
        uint8_t blk;
        struct scsi_response scsi;
    } answer;
    _Alignas(CACHE_LINE) uint8_t *data;
    uint64_t submitted;
    uint64_t sequence;
    uint64_t block;
    uint16_t id;
    bool in_flight;
};

struct queue {
    volatile struct desc *desc;
    volatile struct avail *avail;
    volatile struct used *used;
    volatile uint16_t *bell;
    struct virtio_device *device;
    struct slot *slots;
    uint64_t kicks;
    uint32_t depth;
    uint16_t index;
    uint16_t size;
    uint16_t next_avail;
    uint16_t published;
    uint16_t last_used;
};

/* Gives the device a queue with a depth of slots. */
enum outcome queue_open(struct queue *queue, struct virtio_device *device, int index, uint32_t depth);
/* Writes down of what parts a slot's request consists, the first read_parts of them for the device to read. */
void queue_describe(struct queue *queue, struct slot *slot, const struct desc *parts, int count, int read_parts);
/* Makes a described slot available; the device sees it after queue_publish, which rings the bell if the device asks. */
void queue_add(struct queue *queue, struct slot *slot);
void queue_publish(struct queue *queue);
/* The slots that the device is done with, one after the other; NULL if there is none at the moment. */
struct slot *queue_take(struct queue *queue);
/* After the last queue_take of a batch: tells the device that no interrupt is wanted for what comes. */
void queue_hush(struct queue *queue);
/* Sends a described slot's request and waits until it is done. */
enum outcome queue_do(struct queue *queue, struct slot *slot);

/* blk.c and scsi.c */
enum operation { OP_READ, OP_WRITE, OP_FLUSH };

struct disk {
    uint64_t blocks;
    uint32_t block_size;
    uint16_t lun;
};

struct kind {
    int first_queue;
    uint32_t features;
    uint32_t (*queues)(struct virtio_device *device);
    enum outcome (*find)(struct virtio_device *device, struct queue *queue, uint16_t lun, struct disk *disk);
    /* Makes a slot's request. The block's size is the job's, and so is the number's unit. */
    void (*prepare)(struct queue *queue, struct slot *slot, const struct disk *disk, enum operation operation,
            uint64_t block, uint32_t block_size);
    /* Turns a READ or WRITE that was prepared to another block, perhaps of another disk. */
    void (*redirect)(struct slot *slot, const struct disk *disk, uint64_t block, uint32_t block_size);
    bool (*succeeded)(const struct slot *slot);
};

extern const struct kind blk_kind;
extern const struct kind scsi_kind;

/* rig.c: everything that a job drives. */
#define DEVICES_MAX 8
#define QUEUES_MAX 32
#define LUNS_MAX 16
#define DISKS_MAX 64

struct rig {
    const struct kind *kind;
    struct virtio_device devices[DEVICES_MAX];
    struct queue queues[QUEUES_MAX];
    struct disk disks[DISKS_MAX];
    uint32_t device_count;
    uint32_t queue_count;
    uint32_t luns;
};

void rig_find(const struct pci_function *at);
/* What a queue's requests go to: the first of rig->luns disks. */
const struct disk *rig_disks(const struct rig *rig, uint32_t queue);
enum outcome rig_open(struct rig *rig, const struct job *job);
void rig_close(struct rig *rig);

/* measure.c: keeps the disks busy and prints what was seen. */
enum outcome measure(struct rig *rig, const struct job *job);

/* records.c: writes what can be recognized later, and promises on the console what a flush has made stable. */
enum outcome write_records(struct rig *rig, const struct job *job);

static inline uint64_t mix(uint64_t value)
{
    value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9;
    value = (value ^ value >> 27) * 0x94d049bb133111eb;
    return value ^ value >> 31;
}

/* A number below a limit, by the upper half of a product. */
static inline uint64_t below(uint64_t random, uint64_t limit)
{
    return (unsigned __int128)random * limit >> 64;
}

#endif
