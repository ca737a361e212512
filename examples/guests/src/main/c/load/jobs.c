/* The command line: KEY=VALUE words, one job after the other, with the word `then` between them. */
#include "load.h"

#define LINE_MAX 4096
#define NUMBER_BAD UINT64_MAX

static char line[LINE_MAX];
static char *next_word = line;
static bool ended;

const char *bad_word;

bool jobs_begin(const char *command_line)
{
    for (size_t i = 0; i < LINE_MAX; i++) {
        line[i] = command_line[i];
        if (!line[i])
            return true;
    }
    return false;
}

static bool same(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

/* Cuts the next word out of the line. */
static char *word(void)
{
    while (*next_word == ' ')
        next_word++;
    if (!*next_word)
        return NULL;
    char *start = next_word;
    while (*next_word && *next_word != ' ')
        next_word++;
    if (*next_word)
        *next_word++ = 0;
    return start;
}

/* The value of a word if it starts with a key and `=`. */
static const char *value_of(const char *word, const char *key)
{
    while (*key && *word == *key) {
        word++;
        key++;
    }
    return !*key && *word == '=' ? word + 1 : NULL;
}

/* A number with up to three decimals, in thousandths. */
static uint64_t thousandths(const char *text)
{
    uint64_t number = 0;
    int decimals = -1;
    if (!*text)
        return NUMBER_BAD;
    for (; *text; text++) {
        if (*text == '.' && decimals < 0) {
            decimals = 0;
            continue;
        }
        if (*text < '0' || *text > '9' || number > UINT32_MAX || decimals == 3)
            return NUMBER_BAD;
        number = 10 * number + *text - '0';
        if (decimals >= 0)
            decimals++;
    }
    for (int i = decimals < 0 ? 0 : decimals; i < 3; i++)
        number *= 10;
    return number;
}

static bool number(const char *text, uint64_t least, uint64_t most, uint32_t *to)
{
    uint64_t value = thousandths(text);
    if (value == NUMBER_BAD || value % 1000 || value / 1000 < least || value / 1000 > most)
        return false;
    *to = value / 1000;
    return true;
}

static bool feature(const char *text, uint32_t bit, struct job *job)
{
    uint32_t on;
    if (!number(text, 0, 1, &on))
        return false;
    job->wanted_features = on ? job->wanted_features | bit : job->wanted_features & ~bit;
    return true;
}

static bool set_access(const char *text, struct job *job)
{
    static const char *const names[] = {[READ] = "read", [WRITE] = "write", [RAND_READ] = "randread",
            [RAND_WRITE] = "randwrite"};
    for (enum access access = READ; access <= RAND_WRITE; access++)
        if (same(text, names[access])) {
            job->access = access;
            job->records = false;
            return true;
        }
    job->records = same(text, "records");
    return job->records;
}

static bool set_seconds(const char *text, struct job *job)
{
    uint64_t milliseconds = thousandths(text);
    if (milliseconds == NUMBER_BAD || milliseconds > UINT32_MAX)
        return false;
    job->milliseconds = milliseconds;
    return true;
}

static bool set(const char *word, struct job *job)
{
    const char *value;
    uint32_t seed;
    if ((value = value_of(word, "dev"))) {
        job->scsi = same(value, "scsi");
        return job->scsi || same(value, "blk");
    }
    if ((value = value_of(word, "rw")))
        return set_access(value, job);
    if ((value = value_of(word, "seconds")))
        return set_seconds(value, job);
    if ((value = value_of(word, "qd")))
        return number(value, 1, 512, &job->depth);
    if ((value = value_of(word, "bs")))
        return number(value, 512, 1 << 20, &job->block_size) && job->block_size % 512 == 0;
    if ((value = value_of(word, "devices")))
        return number(value, 1, DEVICES_MAX, &job->devices);
    if ((value = value_of(word, "queues")))
        return number(value, 1, QUEUES_MAX, &job->queues);
    if ((value = value_of(word, "luns")))
        return number(value, 1, LUNS_MAX, &job->luns);
    if ((value = value_of(word, "flush-every")))
        return number(value, 1, 1000000, &job->flush_every);
    if ((value = value_of(word, "think-ns")))
        return number(value, 0, 1000000, &job->think_nanoseconds);
    if ((value = value_of(word, "event_idx")))
        return feature(value, VIRTIO_F_EVENT_IDX, job);
    if ((value = value_of(word, "indirect")))
        return feature(value, VIRTIO_F_INDIRECT_DESC, job);
    if ((value = value_of(word, "seed")) && number(value, 0, UINT32_MAX, &seed)) {
        job->seed = seed;
        return true;
    }
    return false;
}

bool jobs_next(struct job *job)
{
    if (ended)
        return false;
    for (const char *text = word(); text; text = word()) {
        if (same(text, "then"))
            return true;
        if (!set(text, job)) {
            bad_word = text;
            return false;
        }
    }
    ended = true;
    return true;
}

static void print_number(const char *key, uint64_t value)
{
    print(key);
    print_decimal(value);
}

void print_job(const struct job *job)
{
    static const char *const names[] = {[READ] = " rw=read", [WRITE] = " rw=write", [RAND_READ] = " rw=randread",
            [RAND_WRITE] = " rw=randwrite"};
    print(job->scsi ? "dev=scsi" : "dev=blk");
    print(job->records ? " rw=records" : names[job->access]);
    print_number(" bs=", job->block_size);
    print_number(" qd=", job->depth);
    print_number(" devices=", job->devices);
    print_number(" queues=", job->queues);
    print_number(" luns=", job->luns);
}
