/* Keeps virtio disks busy and says how they did, or writes records that can be looked for after a crash. */
#include "load.h"

static const struct hvm_start_info *info;
static struct rig rig;

static struct job job = {
    .access = RAND_READ,
    .depth = 1,
    .block_size = 4096,
    .milliseconds = 1000,
    .devices = 1,
    .queues = 1,
    .luns = 1,
    .flush_every = 64,
    .wanted_features = VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX,
};

static enum outcome run_jobs(void)
{
    while (jobs_next(&job)) {
        enum outcome outcome = rig_open(&rig, &job);
        if (outcome == SUCCESS)
            outcome = job.records ? write_records(&rig, &job) : measure(&rig, &job);
        rig_close(&rig);
        if (outcome != SUCCESS)
            return outcome;
    }
    return bad_word ? BAD_COMMAND_LINE : SUCCESS;
}

static void user(void)
{
    print("irtio load\n");
    pci_walk(rig_find);
    enum outcome outcome = memory_begin(info);
    if (outcome == SUCCESS)
        outcome = time_begin();
    if (outcome == SUCCESS)
        outcome = run_jobs();
    print(outcome == SUCCESS ? "Finished" : "Failed: ");
    if (outcome != SUCCESS)
        print(describe(outcome));
    if (bad_word) {
        print(": ");
        print(bad_word);
    }
    print("\n");
    leave(outcome);
}

void main(const struct hvm_start_info *start_info)
{
    info = start_info;
    enter_user(user);
}
