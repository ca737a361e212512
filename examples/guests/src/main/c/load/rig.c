/* Opens what a job asks for: so many devices of its kind, so many queues of each, so many disks behind each. */
#include "load.h"

static struct pci_function blk_functions[DEVICES_MAX];
static struct pci_function scsi_functions[DEVICES_MAX];
static uint32_t blk_count;
static uint32_t scsi_count;

void rig_find(const struct pci_function *at)
{
    note_power_management(at);
    if (is_virtio_blk(at) && blk_count < DEVICES_MAX)
        blk_functions[blk_count++] = *at;
    else if (is_virtio_scsi(at) && scsi_count < DEVICES_MAX)
        scsi_functions[scsi_count++] = *at;
}

static uint32_t device_of(const struct rig *rig, uint32_t queue)
{
    return queue / (rig->queue_count / rig->device_count);
}

const struct disk *rig_disks(const struct rig *rig, uint32_t queue)
{
    return &rig->disks[device_of(rig, queue) * rig->luns];
}

/* The queues that come before the requests' stay empty, but a device may want to have them. */
static enum outcome open_other_queues(const struct rig *rig, struct virtio_device *device)
{
    for (int i = 0; i < rig->kind->first_queue; i++) {
        struct queue unused;
        enum outcome outcome = queue_open(&unused, device, i, 1);
        if (outcome != SUCCESS)
            return outcome;
    }
    return SUCCESS;
}

static enum outcome open_device(struct rig *rig, const struct job *job, uint32_t index, const struct pci_function *at)
{
    struct virtio_device *device = &rig->devices[index];
    enum outcome outcome = virtio_open(device, at, rig->kind->features | job->wanted_features);
    if (outcome == SUCCESS)
        outcome = open_other_queues(rig, device);
    if (outcome == SUCCESS && rig->kind->queues(device) < job->queues)
        outcome = NO_QUEUE;
    if (outcome != SUCCESS)
        return outcome;
    struct queue *queues = &rig->queues[index * job->queues];
    for (uint32_t i = 0; i < job->queues; i++) {
        outcome = queue_open(&queues[i], device, rig->kind->first_queue + i, job->depth);
        for (uint32_t slot = 0; outcome == SUCCESS && slot < job->depth; slot++) {
            queues[i].slots[slot].data = take_memory(job->block_size);
            if (!queues[i].slots[slot].data)
                outcome = NO_MEMORY;
        }
        if (outcome != SUCCESS)
            return outcome;
    }
    virtio_start(device);
    for (uint32_t lun = 0; lun < job->luns; lun++) {
        struct disk *disk = &rig->disks[index * job->luns + lun];
        outcome = rig->kind->find(device, queues, lun, disk);
        if (outcome != SUCCESS)
            return outcome;
        if (job->block_size % disk->block_size || disk->blocks * disk->block_size < job->block_size)
            return NO_DISK;
    }
    return SUCCESS;
}

enum outcome rig_open(struct rig *rig, const struct job *job)
{
    memory_clear();
    memset(rig, 0, sizeof *rig);
    rig->kind = job->scsi ? &scsi_kind : &blk_kind;
    rig->queue_count = job->devices * job->queues;
    rig->luns = job->luns;
    if (job->devices > (job->scsi ? scsi_count : blk_count) || job->devices * job->luns > DISKS_MAX)
        return NO_DISK;
    if (rig->queue_count > QUEUES_MAX)
        return NO_QUEUE;
    const struct pci_function *functions = job->scsi ? scsi_functions : blk_functions;
    enum outcome outcome = SUCCESS;
    while (outcome == SUCCESS && rig->device_count < job->devices) {
        outcome = open_device(rig, job, rig->device_count, &functions[rig->device_count]);
        rig->device_count++;
    }
    return outcome;
}

void rig_close(struct rig *rig)
{
    for (uint32_t i = 0; i < rig->device_count; i++)
        virtio_close(&rig->devices[i]);
}
