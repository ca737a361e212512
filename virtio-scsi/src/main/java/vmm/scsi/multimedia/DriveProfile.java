package vmm.scsi.multimedia;

import org.jspecify.annotations.Nullable;

/** The profiles (MMC-6 5.3.1) of a drive, of which the disc decides the current one. */
final class DriveProfile {
    static final int NONE = 0x0000;
    static final int CD_ROM = 0x0008;
    static final int DVD_ROM = 0x0010;

    private DriveProfile() {}

    /** The profile that goes with a disc. */
    static int current(@Nullable Disc disc) {
        if (disc == null) {
            return NONE;
        }
        return disc.isDvd() ? DVD_ROM : CD_ROM;
    }
}
