package vmm.firmware.multiboot;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import vmm.firmware.boot.MemoryMap;
import vmm.firmware.multiboot.ModuleList.Module;

/**
 * What a Multiboot loader tells the kernel (Multiboot 0.6.96 3.3), with all that it refers to, in one stretch of
 * memory. One thread.
 */
final class Information {
    private static final int MEMORY = 1 << 0;
    private static final int COMMAND_LINE = 1 << 2;
    private static final int MODULES = 1 << 3;
    private static final int MEMORY_MAP = 1 << 6;
    private static final int LOADER_NAME = 1 << 9;

    // Offsets in the information; fields whose flag is not set stay zero.
    private static final int MEM_LOWER = 4;
    private static final int MEM_UPPER = 8;
    private static final int CMDLINE = 16;
    private static final int MODS_COUNT = 20;
    private static final int MODS_ADDR = 24;
    private static final int MMAP_LENGTH = 44;
    private static final int MMAP_ADDR = 48;
    private static final int BOOT_LOADER_NAME = 64;
    private static final int SIZE = 116;

    private static final int MODULE_SIZE = 16;

    /** An entry of the map without its size, which it begins with. */
    private static final int MAP_ENTRY = 20;

    private static final String NAME = "vmm";
    private static final int KIB = 1024;

    private final MemoryMap map;
    private final List<Module> modules;
    private final byte[] commandLine;

    /**
     * What to tell.
     *
     * @param commandLine the kernel's, with its name first
     */
    Information(MemoryMap map, List<Module> modules, String commandLine) {
        this.map = map;
        this.modules = modules;
        this.commandLine = text(commandLine);
    }

    private static byte[] text(String text) {
        return (text + "\0").getBytes(StandardCharsets.UTF_8);
    }

    /** How many bytes it takes. */
    int size() {
        int texts = commandLine.length + text(NAME).length;
        for (Module module : modules) {
            texts += text(module.text()).length;
        }
        return SIZE + modules.size() * MODULE_SIZE + map.entries().size() * (Integer.BYTES + MAP_ENTRY) + texts;
    }

    /**
     * The bytes.
     *
     * @param address where they will be
     */
    byte[] encode(int address) {
        ByteBuffer bytes = ByteBuffer.allocate(size()).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putInt(0, MEMORY | COMMAND_LINE | MODULES | MEMORY_MAP | LOADER_NAME);
        bytes.putInt(MEM_LOWER, (int) (sizeOfRamAt(0) / KIB));
        bytes.putInt(MEM_UPPER, (int) (sizeOfRamAt(MemoryMap.KERNEL_START) / KIB));
        bytes.putInt(MODS_COUNT, modules.size());
        bytes.putInt(MODS_ADDR, address + SIZE);
        int mapAt = SIZE + modules.size() * MODULE_SIZE;
        bytes.position(mapAt);
        for (MemoryMap.Entry entry : map.entries()) {
            bytes.putInt(MAP_ENTRY)
                    .putLong(entry.start())
                    .putLong(entry.size())
                    .putInt(entry.type().code());
        }
        bytes.putInt(MMAP_ADDR, address + mapAt);
        bytes.putInt(MMAP_LENGTH, bytes.position() - mapAt);
        bytes.putInt(CMDLINE, address + bytes.position()).put(commandLine);
        bytes.putInt(BOOT_LOADER_NAME, address + bytes.position()).put(text(NAME));
        for (int i = 0; i < modules.size(); i++) {
            Module module = modules.get(i);
            int at = SIZE + i * MODULE_SIZE;
            bytes.putInt(at, (int) module.start());
            bytes.putInt(at + 4, (int) module.end());
            bytes.putInt(at + 8, address + bytes.position());
            bytes.put(text(module.text()));
        }
        return bytes.array();
    }

    private long sizeOfRamAt(long start) {
        return map.entries().stream()
                .filter(entry -> entry.start() == start && entry.type() == MemoryMap.Type.RAM)
                .mapToLong(MemoryMap.Entry::size)
                .findFirst()
                .orElse(0);
    }
}
