/* A closed loop: as soon as a request is done its slot carries the next, until the time is up. */
#include "load.h"

/* How often an idle loop looks at the clock. */
#define IDLE_ROUNDS 4096

struct progress {
    uint64_t random;
    uint64_t next_block;
    uint32_t next_lun;
    uint64_t ios;
    uint64_t errors;
};

static void aim(const struct rig *rig, const struct job *job, uint32_t queue, struct slot *slot,
        struct progress *progress)
{
    const struct disk *disk = rig_disks(rig, queue) + progress->next_lun;
    if (++progress->next_lun == rig->luns)
        progress->next_lun = 0;
    uint64_t blocks = disk->blocks / (job->block_size / disk->block_size);
    if (job->access == RAND_READ || job->access == RAND_WRITE) {
        /* xorshift64 */
        progress->random ^= progress->random << 13;
        progress->random ^= progress->random >> 7;
        progress->random ^= progress->random << 17;
        slot->block = below(progress->random, blocks);
    } else {
        slot->block = progress->next_block % blocks;
        if (!progress->next_lun)
            progress->next_block++;
    }
    rig->kind->redirect(slot, disk, slot->block, job->block_size);
}

static void fill(struct rig *rig, const struct job *job, struct progress *progress)
{
    bool reads = job->access == READ || job->access == RAND_READ;
    for (uint32_t i = 0; i < rig->queue_count; i++)
        for (uint32_t n = 0; n < job->depth; n++) {
            struct slot *slot = &rig->queues[i].slots[n];
            if (!reads)
                memset(slot->data, (int)progress->random, job->block_size);
            rig->kind->prepare(&rig->queues[i], slot, rig_disks(rig, i), reads ? OP_READ : OP_WRITE, 0,
                    job->block_size);
            aim(rig, job, i, slot, progress);
        }
}

static void print_result(struct rig *rig, const struct job *job, const struct progress *progress, uint64_t elapsed)
{
    uint64_t kicks = 0;
    for (uint32_t i = 0; i < rig->queue_count; i++)
        kicks += rig->queues[i].kicks;
    const struct {
        const char *key;
        uint64_t value;
    } facts[] = {
        {" ios=", progress->ios},
        {" ns=", to_nanoseconds(elapsed)},
        {" kicks=", kicks},
        {" p50=", to_nanoseconds(histogram_quantile(500))},
        {" p99=", to_nanoseconds(histogram_quantile(990))},
        {" max=", to_nanoseconds(histogram_max())},
        {" errors=", progress->errors},
    };
    print("end ");
    print_job(job);
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        print(facts[i].key);
        print_decimal(facts[i].value);
    }
    print("\n");
}

enum outcome measure(struct rig *rig, const struct job *job)
{
    struct progress progress = {.random = mix(job->seed + 1) | 1};
    histogram_clear();
    fill(rig, job, &progress);
    for (uint32_t i = 0; i < rig->queue_count; i++)
        rig->queues[i].kicks = 0;
    print("begin ");
    print_job(job);
    print("\n");

    uint32_t in_flight = rig->queue_count * job->depth;
    uint32_t idle = 0;
    uint64_t start = ticks();
    uint64_t now = start;
    uint64_t deadline = start + to_ticks(job->milliseconds);
    /* What a driver and those above it need before their next request. */
    uint64_t think = to_ticks(job->think_nanoseconds) / 1000000;
    for (uint32_t i = 0; i < rig->queue_count; i++) {
        struct queue *queue = &rig->queues[i];
        for (uint32_t n = 0; n < job->depth; n++) {
            queue->slots[n].submitted = start;
            queue_add(queue, &queue->slots[n]);
        }
        queue_publish(queue);
    }
    while (in_flight) {
        bool found = false;
        for (uint32_t i = 0; i < rig->queue_count; i++) {
            struct queue *queue = &rig->queues[i];
            struct slot *slot = queue_take(queue);
            if (!slot)
                continue;
            found = true;
            now = ticks();
            do {
                histogram_add(now - slot->submitted);
                progress.ios++;
                if (!rig->kind->succeeded(slot))
                    progress.errors++;
                if (now < deadline) {
                    aim(rig, job, i, slot, &progress);
                    slot->submitted = now;
                    queue_add(queue, slot);
                } else {
                    in_flight--;
                }
            } while ((slot = queue_take(queue)));
            queue_hush(queue);
            while (ticks() - now < think)
                pause();
            queue_publish(queue);
        }
        if (found) {
            idle = 0;
            continue;
        }
        pause();
        if (++idle % IDLE_ROUNDS == 0 && ticks() - now > PATIENCE_TICKS)
            return TIMED_OUT;
    }
    print_result(rig, job, &progress, now - start);
    return progress.errors ? REQUEST_FAILED : SUCCESS;
}
