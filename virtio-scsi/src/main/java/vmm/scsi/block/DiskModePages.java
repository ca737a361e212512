package vmm.scsi.block;

import java.util.ArrayList;
import java.util.List;
import vmm.scsi.primary.ModePage;
import vmm.scsi.primary.ModePages;

/** The mode pages of a disk (SBC-4 6.5). */
final class DiskModePages {
    /** WCE of byte 2 of the caching page. */
    static final int WCE = 1 << 2;

    /** LBPERE of byte 7 of the read-write error recovery page: thresholds of the storage are told. */
    static final int LBPERE = 1 << 7;

    /** Caching: writes may stay in a volatile cache. WCE can be changed. */
    static final ModePage CACHING = caching(WCE);

    /** Read-Write Error Recovery: bad blocks are reassigned by whatever is below us. */
    static final ModePage ERROR_RECOVERY =
            ModePage.fixed("Read-Write Error Recovery", "01 0a c0 00 00 00 00 00 00 00 00 00");

    /** The same where there are thresholds. */
    private static final ModePage REPORTING_ERROR_RECOVERY = ModePage.of(
            ERROR_RECOVERY.name(), "01 0a c0 00 00 00 00 00 00 00 00 00", "00 00 00 00 00 00 00 80 00 00 00 00");

    private static final ModePages WRITE_BACK = pages(true, false);
    private static final ModePages WRITE_THROUGH = pages(false, false);
    private static final ModePages WATCHED_WRITE_BACK = pages(true, true);
    private static final ModePages WATCHED_WRITE_THROUGH = pages(false, true);

    private DiskModePages() {}

    /**
     * The pages of a disk.
     *
     * @param writeCache true if writes may stay in a volatile cache by default
     * @param watched true if there are {@link ProvisioningThresholds}
     */
    static ModePages of(boolean writeCache, boolean watched) {
        if (watched) {
            return writeCache ? WATCHED_WRITE_BACK : WATCHED_WRITE_THROUGH;
        }
        return writeCache ? WRITE_BACK : WRITE_THROUGH;
    }

    private static ModePages pages(boolean writeCache, boolean watched) {
        List<ModePage> pages = new ArrayList<>();
        pages.add(writeCache ? CACHING : caching(0));
        if (watched) {
            pages.add(REPORTING_ERROR_RECOVERY);
            pages.add(ProvisioningThresholds.PAGE);
        } else {
            pages.add(ERROR_RECOVERY);
        }
        return new ModePages(pages);
    }

    private static ModePage caching(int flags) {
        String rest = " 00".repeat(17);
        return ModePage.of("Caching", "08 12 %02x".formatted(flags) + rest, "00 00 04" + rest);
    }
}
