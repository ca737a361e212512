package vmm.scsi.block;

import java.util.HexFormat;
import java.util.List;
import vmm.scsi.ParameterData;

/**
 * A mode page (SPC-5 7.5) of a disk. Its default values are its current ones, and none can be changed.
 *
 * @param code the page code
 * @param content what follows the page code and the page length, as hexadecimal digits
 * @param current sets what depends on the disk
 */
record ModePage(int code, String content, Current current) {
    /** What {@link ModeSense} asks for (PC). */
    enum Values {
        CURRENT,
        CHANGEABLE,
        DEFAULT,
        SAVED;

        /** By the two bits of PC. */
        static Values of(int pageControl) {
            return switch (pageControl) {
                case 0 -> CURRENT;
                case 1 -> CHANGEABLE;
                case 2 -> DEFAULT;
                default -> SAVED;
            };
        }
    }

    /** Sets those of a page's values that depend on the disk. */
    @FunctionalInterface
    interface Current {
        /** Sets them in {@code data}, where the page begins at {@code start}. */
        void set(ScsiDisk disk, ParameterData data, int start);
    }

    /** Read-Write Error Recovery (SBC-4): bad blocks are reassigned by whatever is below us. */
    static final ModePage READ_WRITE_ERROR_RECOVERY =
            new ModePage(0x01, "c0 00 00 00 00 00 00 00 00 00", (disk, data, start) -> {});

    /** Caching (SBC-4). */
    static final ModePage CACHING =
            new ModePage(0x08, "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00", (disk, data, start) -> {
                int wce = 1 << 2;
                data.set8(start + 2, disk.writeCache() ? wce : 0);
            });

    /** Control (SPC-5 7.5.11): no log to save (GLTSD), tasks run in any order (QUEUE ALGORITHM MODIFIER 1). */
    static final ModePage CONTROL = new ModePage(0x0a, "02 10 00 00 00 00 ff ff 00 00", (disk, data, start) -> {});

    /** Informational Exceptions Control (SPC-5): we have none to report (DEXCPT). */
    static final ModePage INFORMATIONAL_EXCEPTIONS =
            new ModePage(0x1c, "08 00 00 00 00 00 00 00 00 00", (disk, data, start) -> {});

    /** All, in ascending order. */
    static final List<ModePage> ALL = List.of(READ_WRITE_ERROR_RECOVERY, CACHING, CONTROL, INFORMATIONAL_EXCEPTIONS);

    /** Adds the page in page_0 format (SPC-5). */
    void write(ScsiDisk disk, Values values, ParameterData data) {
        byte[] bytes = HexFormat.ofDelimiter(" ").parseHex(content);
        int start = data.length();
        data.u8(code).u8(bytes.length);
        if (values == Values.CHANGEABLE) {
            data.zeros(bytes.length);
        } else {
            data.bytes(bytes);
            current.set(disk, data, start);
        }
    }
}
