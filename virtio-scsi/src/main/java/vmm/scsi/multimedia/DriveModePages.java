package vmm.scsi.multimedia;

import java.util.List;
import vmm.scsi.primary.ModePage;
import vmm.scsi.primary.ModePages;

/** The mode pages of a drive (MMC-6 7). */
final class DriveModePages {
    /** LOCK STATE of byte 6 of {@link #CAPABILITIES}: the tray cannot be opened. */
    static final int LOCK_STATE = 1 << 1;

    /**
     * C/DVD Capabilities and Mechanical Status, of MMC-3, which Linux asks for: reads CD-R, CD-RW and DVD-ROM, several
     * sessions and sectors of mode 2; has a tray that is ejected and locked by command.
     */
    static final ModePage CAPABILITIES =
            ModePage.fixed("C/DVD Capabilities and Mechanical Status", "2a 14 0b 00 70 00 29 00" + " 00".repeat(14));

    private static final ModePage READ_ERROR_RECOVERY =
            ModePage.fixed("Read/Write Error Recovery", "01 0a 00 00 00 00 00 00 00 00 00 00");

    /** All of them. */
    static final ModePages ALL = new ModePages(List.of(READ_ERROR_RECOVERY, CAPABILITIES));

    private DriveModePages() {}
}
