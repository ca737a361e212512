/* The parts of this guest: queues that hold one request at a time, and the two drivers. */
#ifndef DISKS_H
#define DISKS_H

#include "../common/guest.h"

/* requests.c */
#define QUEUE_SIZE 4

/* A part of a request; the device reads the first of a request and writes the others. */
struct part {
    void *data;
    uint32_t size;
};

enum outcome open_queue(struct virtio_device *device, int index);
/* Sends a request and waits until it is done. */
enum outcome send_request(struct virtio_device *device, int queue, const struct part *parts, int count);

/* blk.c and scsi.c: print every disk, count it in disks, and return the first trouble. */
extern unsigned disks;
enum outcome blk_run(const struct pci_function *at);
enum outcome scsi_run(const struct pci_function *at);

/* Room for the largest block that is read; filled with something that no disk holds before each read. */
#define BLOCK_MAX 4096
extern uint8_t block[BLOCK_MAX];
void spoil_block(size_t size);

#endif
