/* The parts of this guest: two interfaces of a virtio function behind one, and two kinds of disk. */
#ifndef TRANSPORTS_H
#define TRANSPORTS_H

#include "../common/guest.h"

/* interface.c */
enum interface {
    MODERN,
    LEGACY,
};

/* How many requests there may be at a time, and how many descriptors each has to itself. */
#define IN_FLIGHT 16
#define PARTS_MAX 4

/* A legacy device says how long its queue is; a longer one than this finds no room. */
#define QUEUE_MAX 256

struct driver {
    enum interface interface;
    uint16_t ports;
    struct virtio_device modern;
    volatile uint16_t *bell;
    int queue;
    uint16_t size;
    volatile struct desc *desc;
    volatile uint16_t *avail;
    volatile uint16_t *used;
};

/* Whether a function has the registers of virtio 0.9.5. */
bool has_legacy(const struct pci_function *at);
/* Whether a function has those of virtio 1.0 and later. */
bool has_modern(const struct pci_function *at);
/* Resets the device and lets it know its driver and its one queue; it does not run yet. */
enum outcome driver_open(struct driver *driver, const struct pci_function *at, enum interface interface, int queue);
void driver_start(struct driver *driver);
uint32_t driver_config(struct driver *driver, int offset);
void driver_notify(struct driver *driver);
/* Resets the device; afterwards nothing of the queue is touched any more. */
enum outcome driver_close(struct driver *driver);

/* A part of a request; the first is for the device to read, the others are for it to write. */
struct part {
    void *data;
    uint32_t size;
};

/* Makes request number index, below IN_FLIGHT, with at most PARTS_MAX parts; the device is not told. */
void driver_offer(struct driver *driver, int index, const struct part *parts, int count);
/* Waits until as many requests have been used since the queue was set up. */
enum outcome driver_await(struct driver *driver, uint16_t used);

/* Fills the memory of the queue with something that no device writes. */
void poison_queue(void);
/* Whether it is all still there. */
bool queue_is_poisoned(void);

/* blk.c and scsi.c: what is different between the two kinds of disk. */
#define BLOCK 512

struct disk {
    int queue;
    /* The parts of a request to read one block into memory. */
    int (*read)(int index, uint64_t block, struct part *parts, void *to);
    /* Whether the request was answered well. */
    bool (*done)(int index);
    /* How many blocks there are, by way of the running device. */
    uint64_t (*blocks)(struct driver *driver);
};

extern const struct disk blk, scsi;

#endif
