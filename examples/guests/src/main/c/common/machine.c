/* What the processor and the chipset offer: memory, page tables, and the way out. */
#include "guest.h"
#include "../pvh.h"

#define PAGE_TABLES 12
#define ENTRIES 512
#define PAGE_PRESENT_WRITABLE_USER 0x07
#define PAGE_UNCACHED 0x18
#define PAGE_LARGE 0x80
#define LARGE_PAGE_SHIFT 21
#define ADDRESS_MASK 0x000ffffffffff000ULL

#define PM1A_CONTROL 0x04
#define SLP_EN 0x2000
#define RESET_CONTROL 0xcf9

typedef uint64_t page_table[ENTRIES];

/* The first two of the directories are linked up by boot.S. */
page_table page_map __attribute__((aligned(4096)));
page_table page_directories[PAGE_TABLES] __attribute__((aligned(4096)));
static int tables_used = 2;

uint16_t power_management_base;

void *memset(void *to, int value, size_t size)
{
    void *start = to;
    __asm__ volatile("rep stosb" : "+D"(to), "+c"(size) : "a"(value) : "memory");
    return start;
}

void *memcpy(void *to, const void *from, size_t size)
{
    void *start = to;
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
    return start;
}

static uint64_t *below(uint64_t *entry)
{
    if (!*entry) {
        if (tables_used == PAGE_TABLES)
            return NULL;
        *entry = (uint64_t)page_directories[tables_used++] | PAGE_PRESENT_WRITABLE_USER;
    }
    return (uint64_t *)(*entry & ADDRESS_MASK);
}

static void *map_as(uint64_t physical, uint64_t length, uint64_t attributes)
{
    uint64_t last = (physical + length - 1) >> LARGE_PAGE_SHIFT;
    for (uint64_t page = physical >> LARGE_PAGE_SHIFT; page <= last; page++) {
        /* Bit 47 and above would need an address that is not canonical. */
        if (page >> (47 - LARGE_PAGE_SHIFT))
            return NULL;
        uint64_t *pointers = below(&page_map[page >> 18]);
        uint64_t *directory = pointers ? below(&pointers[page >> 9 & 511]) : NULL;
        if (!directory)
            return NULL;
        /* An entry that was not present is not cached, so nothing needs to be flushed. */
        if (!directory[page & 511])
            directory[page & 511] = page << LARGE_PAGE_SHIFT | PAGE_LARGE | attributes | PAGE_PRESENT_WRITABLE_USER;
    }
    return (void *)physical;
}

volatile uint8_t *map(uint64_t physical, uint64_t length)
{
    return map_as(physical, length, PAGE_UNCACHED);
}

void *map_memory(uint64_t physical, uint64_t length)
{
    return map_as(physical, length, 0);
}

const char *describe(enum outcome outcome)
{
    switch (outcome) {
    case SUCCESS:
        return "no trouble";
    case NO_DISK:
        return "no disk was found";
    case BAD_TRANSPORT:
        return "no modern virtio registers in a memory BAR with an address";
    case FEATURES_REFUSED:
        return "VERSION_1 refused";
    case NO_QUEUE:
        return "queue missing or too small";
    case TIMED_OUT:
        return "no answer in time";
    case REQUEST_FAILED:
        return "request failed";
    case NO_TIMER:
        return "no power management timer to measure with";
    case NO_MEMORY:
        return "too little memory";
    case BAD_COMMAND_LINE:
        return "bad command line";
    }
    return "?";
}

void leave(enum outcome outcome)
{
    out8(DEBUG_EXIT, outcome);
    /* No such port here: soft-off (SLP_TYP 0, as the PIIX4 has it), a reset, and at last a halt without interrupts
       (outside ring 0 that is a fault which nobody handles, and so another reset). */
    if (power_management_base)
        out16(power_management_base + PM1A_CONTROL, SLP_EN);
    out8(RESET_CONTROL, 0x02);
    out8(RESET_CONTROL, 0x06);
    for (;;)
        __asm__ volatile("cli; hlt");
}
