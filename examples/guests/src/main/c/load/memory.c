/* The memory that the boot loader says there is (PVH: struct hvm_start_info), given out in pages. */
#include "load.h"

/* The first 2 MiB, which boot.S maps, hold this program. */
#define FIRST 0x200000
#define PAGE 4096
#define TYPE_RAM 1
#define VERSION_WITH_MAP 1

struct hvm_start_info {
    uint32_t magic;
    uint32_t version;
    uint32_t flags;
    uint32_t nr_modules;
    uint64_t modlist_paddr;
    uint64_t cmdline_paddr;
    uint64_t rsdp_paddr;
    uint64_t memmap_paddr;
    uint32_t memmap_entries;
    uint32_t reserved;
};

struct hvm_memmap_table_entry {
    uint64_t addr;
    uint64_t size;
    uint32_t type;
    uint32_t reserved;
};

static uint64_t next = FIRST;
static uint64_t end = FIRST;

enum outcome memory_begin(const struct hvm_start_info *info)
{
    info = map_memory((uint64_t)info, sizeof *info);
    const char *command_line = map_memory(info->cmdline_paddr, PAGE);
    if (!info->cmdline_paddr || !command_line || !jobs_begin(command_line))
        return BAD_COMMAND_LINE;
    if (info->version < VERSION_WITH_MAP)
        return NO_MEMORY;
    const struct hvm_memmap_table_entry *entry =
            map_memory(info->memmap_paddr, info->memmap_entries * sizeof *entry);
    for (uint32_t i = 0; entry && i < info->memmap_entries; i++, entry++)
        if (entry->type == TYPE_RAM && entry->addr <= FIRST && entry->addr + entry->size > FIRST)
            end = entry->addr + entry->size;
    return end > FIRST ? SUCCESS : NO_MEMORY;
}

void memory_clear(void)
{
    next = FIRST;
}

void *take_memory(uint64_t size)
{
    size = (size + PAGE - 1) & -PAGE;
    if (size > end - next)
        return NULL;
    void *memory = map_memory(next, size);
    if (memory) {
        memset(memory, 0, size);
        next += size;
    }
    return memory;
}
