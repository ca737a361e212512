/*
 * Numbered records at pseudo-random blocks, several at a time, with flushes between and among them. When a flush is
 * done, all records whose writes were done before it began are promised to be on the disk, whatever happens next.
 *
 * Every 512 bytes of a record can be told to be of it: "vmmrecrd", sequence number, block number, the part's number
 * within the block, a check value of these four, and words that follow from the check value; all little-endian.
 */
#include "load.h"

#define PART 512
#define PART_WORDS (PART / 8)
#define MAGIC 0x64726365726d6d76
#define HEADER_WORDS 5

static uint64_t block_of(const struct job *job, uint64_t sequence, uint64_t blocks)
{
    return below(mix(mix(job->seed + 1) + sequence), blocks);
}

static void compose(struct slot *slot, uint32_t block_size)
{
    uint64_t *word = (uint64_t *)slot->data;
    for (uint32_t part = 0; part < block_size / PART; part++, word += PART_WORDS) {
        uint64_t check = mix(mix(mix(slot->sequence) + slot->block) + part);
        word[0] = MAGIC;
        word[1] = slot->sequence;
        word[2] = slot->block;
        word[3] = part;
        word[4] = check;
        for (uint32_t i = HEADER_WORDS; i < PART_WORDS; i++)
            word[i] = mix(check + i);
    }
}

static struct slot *idle_slot(struct queue *queue)
{
    /* The last one is the flush's. */
    for (uint32_t i = 0; i < queue->depth - 1; i++)
        if (!queue->slots[i].in_flight)
            return &queue->slots[i];
    return NULL;
}

/* Two writes of one block at the same time could end in either order. */
static bool is_busy(const struct queue *queue, uint64_t block)
{
    for (uint32_t i = 0; i < queue->depth - 1; i++)
        if (queue->slots[i].in_flight && queue->slots[i].block == block)
            return true;
    return false;
}

/* The last record that has been written with all before it. */
static uint64_t written_up_to(const struct queue *queue, uint64_t next)
{
    uint64_t first = next;
    for (uint32_t i = 0; i < queue->depth - 1; i++)
        if (queue->slots[i].in_flight && queue->slots[i].sequence < first)
            first = queue->slots[i].sequence;
    return first - 1;
}

static void say(const char *word, uint64_t number)
{
    print(word);
    print_decimal(number);
    print("\n");
}

enum outcome write_records(struct rig *rig, const struct job *job)
{
    const struct kind *kind = rig->kind;
    const struct disk *disk = rig->disks;
    struct queue *queue = rig->queues;
    if (queue->depth < 2)
        return BAD_COMMAND_LINE;
    struct slot *flush = &queue->slots[queue->depth - 1];
    uint64_t blocks = disk->blocks / (job->block_size / disk->block_size);
    uint64_t next = 1;
    uint64_t flush_at = job->flush_every;
    uint64_t flushes = 0;
    uint64_t candidate = 0;
    print("begin ");
    print_job(job);
    say(" blocks=", blocks);

    uint64_t start = ticks();
    uint64_t heard = start;
    uint64_t deadline = job->milliseconds ? start + to_ticks(job->milliseconds) : UINT64_MAX;
    for (;;) {
        for (struct slot *done = queue_take(queue); done; done = queue_take(queue)) {
            heard = ticks();
            if (!kind->succeeded(done)) {
                say(done == flush ? "failed flush " : "failed record ", done == flush ? flushes : done->sequence);
                return REQUEST_FAILED;
            }
            if (done == flush) {
                say("promised ", candidate);
                flushes++;
            }
        }
        queue_hush(queue);
        uint64_t now = ticks();
        if (now - heard > PATIENCE_TICKS)
            return TIMED_OUT;

        bool due = next > flush_at;
        bool late = now > deadline;
        uint64_t written = written_up_to(queue, next);
        if ((due || late) && !flush->in_flight && ((flushes % 2 == 0 && !late) || written == next - 1)) {
            /* Every other flush waits for all writes, and every other goes along with some. */
            if (late && candidate == written)
                return SUCCESS;
            candidate = written;
            flush_at = next - 1 + job->flush_every;
            kind->prepare(queue, flush, disk, OP_FLUSH, 0, job->block_size);
            queue_add(queue, flush);
        } else if (!late && !(due && flushes % 2 == 1 && !flush->in_flight)) {
            struct slot *slot = idle_slot(queue);
            uint64_t block = block_of(job, next, blocks);
            if (slot && !is_busy(queue, block)) {
                slot->sequence = next++;
                slot->block = block;
                compose(slot, job->block_size);
                kind->prepare(queue, slot, disk, OP_WRITE, block, job->block_size);
                queue_add(queue, slot);
            }
        }
        queue_publish(queue);
    }
}
