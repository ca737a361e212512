/* Split queues (virtio 1.3 2.7), with one request at a time and by polling. */
#include "disks.h"

#define QUEUES 3

struct ring {
    struct desc desc[QUEUE_SIZE];
    struct {
        uint16_t flags;
        uint16_t idx;
        uint16_t ring[QUEUE_SIZE];
        uint16_t used_event;
    } avail;
    struct {
        uint16_t flags;
        uint16_t idx;
        struct used_element ring[QUEUE_SIZE];
        uint16_t avail_event;
    } used __attribute__((aligned(4)));
} __attribute__((aligned(16)));

static volatile struct ring rings[QUEUES];
static volatile uint16_t *bells[QUEUES];

enum outcome open_queue(struct virtio_device *device, int index)
{
    volatile struct ring *ring = &rings[index];
    if (!virtio_queue_takes(device, index, QUEUE_SIZE))
        return NO_QUEUE;
    memset((void *)ring, 0, sizeof *ring);
    ring->avail.flags = AVAIL_F_NO_INTERRUPT;
    virtio_queue(device, index, QUEUE_SIZE, &ring->desc, &ring->avail, &ring->used);
    bells[index] = virtio_bell(device, index);
    return SUCCESS;
}

enum outcome send_request(struct virtio_device *device, int queue, const struct part *parts, int count)
{
    volatile struct ring *ring = &rings[queue];
    for (int i = 0; i < count; i++) {
        ring->desc[i].address = (uint64_t)parts[i].data;
        ring->desc[i].length = parts[i].size;
        ring->desc[i].flags = (i > 0 ? DESC_F_WRITE : 0) | (i < count - 1 ? DESC_F_NEXT : 0);
        ring->desc[i].next = i + 1;
    }
    /* Every request starts at descriptor 0, which the ring of zeros says already. */
    uint16_t idx = ring->avail.idx + 1;
    /* x86 keeps the order of stores, and the bell is a store that leaves the processor: the compiler is all there is. */
    compiler_barrier();
    ring->avail.idx = idx;
    compiler_barrier();
    *bells[queue] = queue;

    uint64_t start = ticks();
    while (ring->used.idx != idx) {
        if (ticks() - start > PATIENCE_TICKS)
            return TIMED_OUT;
        pause();
    }
    compiler_barrier();
    return virtio_is_broken(device) ? REQUEST_FAILED : SUCCESS;
}
