/* What a tick of the processor's counter is worth, by the chipset's timer (ACPI 6.5 4.8.3.3); a log-linear histogram. */
#include "load.h"

#define PM_TIMER 0x08
#define PM_TIMER_HERTZ 3579545
#define PM_TIMER_MASK 0xffffff
#define CALIBRATION (PM_TIMER_HERTZ / 20)

/* Each power of two is divided into 32. */
#define FINE_BITS 5
#define FINE (1 << FINE_BITS)
#define BUCKETS ((64 - FINE_BITS + 1) * FINE)

static uint64_t ticks_per_second;
static uint32_t buckets[BUCKETS];
static uint64_t total;
static uint64_t largest;

enum outcome time_begin(void)
{
    if (!power_management_base)
        return NO_TIMER;
    uint16_t timer = power_management_base + PM_TIMER;
    uint64_t start = ticks();
    uint32_t first = in32(timer);
    uint32_t passed;
    uint64_t now;
    do {
        passed = (in32(timer) - first) & PM_TIMER_MASK;
        now = ticks();
        if (now - start > PATIENCE_TICKS)
            return NO_TIMER;
    } while (passed < CALIBRATION);
    ticks_per_second = (now - start) * PM_TIMER_HERTZ / passed;
    return SUCCESS;
}

uint64_t to_nanoseconds(uint64_t ticks)
{
    return ticks / ticks_per_second * 1000000000 + ticks % ticks_per_second * 1000000000 / ticks_per_second;
}

uint64_t to_ticks(uint64_t milliseconds)
{
    return ticks_per_second * milliseconds / 1000;
}

void histogram_clear(void)
{
    memset(buckets, 0, sizeof buckets);
    total = 0;
    largest = 0;
}

void histogram_add(uint64_t ticks)
{
    int shift = ticks < FINE ? 0 : 63 - __builtin_clzll(ticks) - FINE_BITS;
    buckets[(shift << FINE_BITS) + (ticks >> shift)]++;
    total++;
    if (ticks > largest)
        largest = ticks;
}

uint64_t histogram_quantile(uint32_t thousandths)
{
    uint64_t rank = (total * thousandths + 999) / 1000;
    uint64_t seen = 0;
    for (uint32_t i = 0; i < BUCKETS; i++) {
        seen += buckets[i];
        if (seen && seen >= rank) {
            /* The middle of the bucket. */
            int shift = i < FINE ? 0 : (i >> FINE_BITS) - 1;
            uint64_t low = (uint64_t)(i - (shift << FINE_BITS)) << shift;
            return low + ((1ULL << shift) >> 1);
        }
    }
    return 0;
}

uint64_t histogram_max(void)
{
    return largest;
}
