/* Split queues (virtio 1.3 2.7) with many requests at a time, by polling. */
#include "load.h"

#define SIZE_MAX_WANTED 1024
#define SIZE_MIN 4


struct avail {
    uint16_t flags;
    uint16_t idx;
    uint16_t ring[];
};

struct used {
    uint16_t flags;
    uint16_t idx;
    struct used_element ring[];
};

static bool has(const struct queue *queue, uint32_t feature)
{
    return queue->device->features & feature;
}

static uint32_t descriptors_per_slot(const struct queue *queue)
{
    return has(queue, VIRTIO_F_INDIRECT_DESC) ? 1 : REQUEST_PARTS;
}

/* virtio 1.3 2.7.6 and 2.7.8: used_event and avail_event lie behind the rings. */
static volatile uint16_t *used_event(const struct queue *queue)
{
    return &queue->avail->ring[queue->size];
}

static volatile uint16_t *avail_event(const struct queue *queue)
{
    return (volatile uint16_t *)&queue->used->ring[queue->size];
}

enum outcome queue_open(struct queue *queue, struct virtio_device *device, int index, uint32_t depth)
{
    memset(queue, 0, sizeof *queue);
    queue->device = device;
    queue->index = index;
    queue->depth = depth;
    uint32_t needed = depth * descriptors_per_slot(queue);
    uint32_t size = SIZE_MIN;
    while (size < needed)
        size *= 2;
    /* Room to spare, as a driver has that takes the size which the device offers. */
    while (size < 256 && virtio_queue_takes(device, index, 2 * size))
        size *= 2;
    if (size > SIZE_MAX_WANTED || !virtio_queue_takes(device, index, size))
        return NO_QUEUE;
    queue->size = size;

    queue->desc = take_memory(size * sizeof(struct desc));
    queue->avail = take_memory(sizeof(struct avail) + (size + 1) * sizeof(uint16_t));
    queue->used = take_memory(sizeof(struct used) + size * sizeof(struct used_element) + sizeof(uint16_t));
    queue->slots = take_memory(depth * sizeof(struct slot));
    if (!queue->desc || !queue->avail || !queue->used || !queue->slots)
        return NO_MEMORY;
    for (uint32_t i = 0; i < depth; i++)
        queue->slots[i].id = i * descriptors_per_slot(queue);
    queue->avail->flags = AVAIL_F_NO_INTERRUPT;
    virtio_queue(device, index, size, queue->desc, queue->avail, queue->used);
    queue->bell = virtio_bell(device, index);
    queue_hush(queue);
    return SUCCESS;
}

void queue_describe(struct queue *queue, struct slot *slot, const struct desc *parts, int count, int read_parts)
{
    bool indirect = has(queue, VIRTIO_F_INDIRECT_DESC);
    volatile struct desc *table = indirect ? slot->table : &queue->desc[slot->id];
    for (int i = 0; i < count; i++) {
        table[i].address = parts[i].address;
        table[i].length = parts[i].length;
        table[i].flags = (i >= read_parts ? DESC_F_WRITE : 0) | (i < count - 1 ? DESC_F_NEXT : 0);
        table[i].next = (indirect ? 0 : slot->id) + i + 1;
    }
    if (indirect) {
        volatile struct desc *head = &queue->desc[slot->id];
        head->address = (uint64_t)slot->table;
        head->length = count * sizeof(struct desc);
        head->flags = DESC_F_INDIRECT;
    }
}

void queue_add(struct queue *queue, struct slot *slot)
{
    queue->avail->ring[queue->next_avail++ & (queue->size - 1)] = slot->id;
    slot->in_flight = true;
}

void queue_publish(struct queue *queue)
{
    uint16_t old = queue->published;
    uint16_t new = queue->next_avail;
    if (new == old)
        return;
    /* x86 keeps the order of stores. */
    compiler_barrier();
    queue->avail->idx = new;
    queue->published = new;
    /* virtio 1.3 2.7.13.4.1: the index is visible before the device's wish is read. */
    __asm__ volatile("mfence" : : : "memory");
    bool wanted = has(queue, VIRTIO_F_EVENT_IDX) ? (uint16_t)(new - *avail_event(queue) - 1) < (uint16_t)(new - old)
                                                 : !(queue->used->flags & USED_F_NO_NOTIFY);
    if (wanted) {
        queue->kicks++;
        *queue->bell = queue->index;
    }
}

struct slot *queue_take(struct queue *queue)
{
    if (queue->used->idx == queue->last_used)
        return NULL;
    compiler_barrier();
    uint32_t id = queue->used->ring[queue->last_used++ & (queue->size - 1)].id;
    struct slot *slot = &queue->slots[id / descriptors_per_slot(queue)];
    slot->in_flight = false;
    return slot;
}

void queue_hush(struct queue *queue)
{
    /* virtio 1.3 2.7.10: an interrupt comes when this index is passed, and that has happened. */
    *used_event(queue) = queue->last_used - 1;
}

enum outcome queue_do(struct queue *queue, struct slot *slot)
{
    queue_add(queue, slot);
    queue_publish(queue);
    uint64_t start = ticks();
    while (!queue_take(queue)) {
        if (ticks() - start > PATIENCE_TICKS)
            return TIMED_OUT;
        pause();
    }
    queue_hush(queue);
    return virtio_is_broken(queue->device) ? REQUEST_FAILED : SUCCESS;
}
