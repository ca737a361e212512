package vmm.scsi.block;

import java.util.List;
import vmm.scsi.primary.ModePage;
import vmm.scsi.primary.ModePages;

/** The mode pages of a disk (SBC-4 6.5). */
final class DiskModePages {
    /** WCE of byte 2 of the caching page. */
    static final int WCE = 1 << 2;

    /** Caching: writes may stay in a volatile cache. WCE can be changed. */
    static final ModePage CACHING = caching(WCE);

    /** Read-Write Error Recovery: bad blocks are reassigned by whatever is below us. */
    private static final ModePage READ_WRITE_ERROR_RECOVERY =
            ModePage.fixed("Read-Write Error Recovery", "01 0a c0 00 00 00 00 00 00 00 00 00");

    private static final ModePages WRITE_BACK = new ModePages(List.of(READ_WRITE_ERROR_RECOVERY, CACHING));
    private static final ModePages WRITE_THROUGH = new ModePages(List.of(READ_WRITE_ERROR_RECOVERY, caching(0)));

    private DiskModePages() {}

    /** The pages of a disk whose writes may stay in a volatile cache by default, or may not. */
    static ModePages of(boolean writeCache) {
        return writeCache ? WRITE_BACK : WRITE_THROUGH;
    }

    private static ModePage caching(int flags) {
        String rest = " 00".repeat(17);
        return ModePage.of("Caching", "08 12 %02x".formatted(flags) + rest, "00 00 04" + rest);
    }
}
