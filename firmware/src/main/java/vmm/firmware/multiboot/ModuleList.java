package vmm.firmware.multiboot;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import vmm.firmware.boot.BootFile;
import vmm.linux.HostException;
import vmm.memory.GuestMemory;

/** The files that a Multiboot kernel finds in memory beside itself, each with a text. One thread. */
final class ModuleList {
    private static final int PAGE = 4096;

    /** More than any kernel takes, and few enough for what tells the kernel of them. */
    private static final int MOST = 64;

    /** A module in memory: its first address, the one after its last, and its text. */
    record Module(long start, long end, String text) {}

    private ModuleList() {}

    /**
     * Loads modules one after the other, on page boundaries.
     *
     * @param files {@code FILE TEXT,FILE TEXT,...}; two commas stand for one in a name or text
     * @param start the first address that they may have
     * @throws HostException if a file cannot be read, or does not fit below the PCI hole
     */
    static List<Module> load(GuestMemory memory, String files, long start) {
        List<Module> modules = new ArrayList<>();
        long at = start;
        for (String text : split(files)) {
            String name = text.strip().split(" ", 2)[0];
            if (name.isEmpty() || modules.size() == MOST) {
                throw new HostException("--initrd names the modules of a Multiboot kernel, as FILE TEXT,FILE TEXT and"
                        + " at most " + MOST + ", unlike " + files + ": correct it.");
            }
            try (BootFile file = BootFile.open("module", Path.of(name))) {
                at = (at + PAGE - 1) & -PAGE;
                if (!memory.contains(at, file.size()) || at >= GuestMemory.HOLE_START) {
                    throw new HostException("The module " + name + " has " + file.size()
                            + " bytes and does not fit behind the kernel: give the guest more memory.");
                }
                file.copyTo(memory, at, 0, file.size());
                modules.add(new Module(at, at + file.size(), text.strip()));
                at += file.size();
            }
        }
        return modules;
    }

    private static List<String> split(String files) {
        List<String> parts = new ArrayList<>();
        StringBuilder part = new StringBuilder();
        for (int i = 0; i < files.length(); i++) {
            char next = files.charAt(i);
            if (next != ',') {
                part.append(next);
            } else if (i + 1 < files.length() && files.charAt(i + 1) == ',') {
                part.append(next);
                i++;
            } else {
                parts.add(part.toString());
                part.setLength(0);
            }
        }
        parts.add(part.toString());
        return parts;
    }
}
