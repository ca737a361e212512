package vmm.firmware.pvh;

import java.nio.ByteBuffer;
import java.util.OptionalLong;
import vmm.firmware.boot.ElfImage;

/** Finds the PVH entry among an ELF's notes. */
final class PvhNote {
    private static final int XEN_ELFNOTE_PHYS32_ENTRY = 18;
    private static final int XEN = 0x006e_6558; // "Xen" and a zero

    private PvhNote() {}

    /** The entry's guest physical address, if any of a kernel's notes gives it. */
    static OptionalLong entry(ElfImage image) {
        for (ElfImage.Notes notes : image.notes()) {
            OptionalLong entry = entry(notes.content(), 4);
            if (entry.isEmpty() && notes.alignment() == 8) {
                entry = entry(notes.content(), 8);
            }
            if (entry.isPresent()) {
                return entry;
            }
        }
        return OptionalLong.empty();
    }

    /**
     * Looks through a PT_NOTE segment.
     *
     * @param notes its content, little-endian
     * @param alignment what names and descriptors are padded to: 4 or 8
     * @return the entry's guest physical address, if a note gives it
     */
    static OptionalLong entry(ByteBuffer notes, int alignment) {
        long at = 0;
        while (at + 12 <= notes.limit()) {
            long nameSize = Integer.toUnsignedLong(notes.getInt((int) at));
            long descriptorSize = Integer.toUnsignedLong(notes.getInt((int) at + 4));
            int type = notes.getInt((int) at + 8);
            long name = at + 12;
            long descriptor = align(name + nameSize, alignment);
            long end = descriptor + descriptorSize;
            if (end > notes.limit()) {
                break;
            }
            if (type == XEN_ELFNOTE_PHYS32_ENTRY && nameSize == 4 && notes.getInt((int) name) == XEN) {
                if (descriptorSize == 4) {
                    return OptionalLong.of(Integer.toUnsignedLong(notes.getInt((int) descriptor)));
                }
                if (descriptorSize == 8) {
                    return OptionalLong.of(notes.getLong((int) descriptor));
                }
            }
            at = align(end, alignment);
        }
        return OptionalLong.empty();
    }

    private static long align(long value, int alignment) {
        return (value + alignment - 1) & -alignment;
    }
}
