package vmm.scsi.multimedia;

import java.util.List;
import org.jspecify.annotations.Nullable;
import vmm.scsi.ParameterData;

/**
 * A feature of a drive (MMC-6 5.3).
 *
 * @param code the feature code
 * @param version the version of its descriptor
 * @param use with which discs it is current
 * @param content writes what follows the header of its descriptor, a multiple of four bytes
 */
record DriveFeature(int code, int version, Use use, Content content) {
    /** When a feature is current. */
    enum Use {
        /** Always (persistent). */
        ALWAYS,
        /** While there is a disc. */
        DISC,
        /** While there is a CD. */
        CD,
        /** While there is a DVD. */
        DVD
    }

    /** Writes what follows the header of a descriptor. */
    @FunctionalInterface
    interface Content {
        void write(CdRomDrive drive, @Nullable Disc disc, ParameterData data);
    }

    private static final Content NOTHING = (drive, disc, data) -> {};

    /** In ascending order. */
    static final List<DriveFeature> ALL = List.of(
            new DriveFeature(0x0000, 0, Use.ALWAYS, DriveFeature::profiles),
            new DriveFeature(0x0001, 2, Use.ALWAYS, DriveFeature::core),
            new DriveFeature(0x0002, 1, Use.ALWAYS, DriveFeature::morphing),
            new DriveFeature(0x0003, 0, Use.ALWAYS, DriveFeature::removableMedium),
            new DriveFeature(0x0010, 0, Use.DISC, DriveFeature::randomReadable),
            new DriveFeature(0x001d, 0, Use.CD, NOTHING), // Multi-Read
            new DriveFeature(0x001e, 2, Use.CD, DriveFeature::cdRead),
            new DriveFeature(0x001f, 1, Use.DVD, DriveFeature::dvdRead),
            new DriveFeature(0x0105, 1, Use.ALWAYS, DriveFeature::timeout));

    private static final int PERSISTENT = 1 << 1;
    private static final int CURRENT = 1;

    /** True while the drive has this feature with {@code disc} in it. */
    boolean isCurrent(@Nullable Disc disc) {
        return switch (use) {
            case ALWAYS -> true;
            case DISC -> disc != null;
            case CD -> disc != null && !disc.isDvd();
            case DVD -> disc != null && disc.isDvd();
        };
    }

    /** Adds the descriptor. */
    void write(CdRomDrive drive, @Nullable Disc disc, ParameterData data) {
        int start = data.length();
        int flags = version << 2 | (use == Use.ALWAYS ? PERSISTENT : 0) | (isCurrent(disc) ? CURRENT : 0);
        data.u16(code).u8(flags).u8(0);
        content.write(drive, disc, data);
        data.set8(start + 3, data.length() - start - 4);
    }

    private static void profiles(CdRomDrive drive, @Nullable Disc disc, ParameterData data) {
        for (int profile : new int[] {DriveProfile.DVD_ROM, DriveProfile.CD_ROM}) {
            data.u16(profile)
                    .u8(profile == DriveProfile.current(disc) ? CURRENT : 0)
                    .u8(0);
        }
    }

    private static void core(CdRomDrive drive, @Nullable Disc disc, ParameterData data) {
        long scsiFamily = 1;
        int deviceBusyEvents = 1;
        data.u32(scsiFamily).u8(deviceBusyEvents).zeros(3);
    }

    private static void morphing(CdRomDrive drive, @Nullable Disc disc, ParameterData data) {
        // Neither asynchronous events (ASYNC) nor operational change requests (OCEVENT).
        data.zeros(4);
    }

    private static void removableMedium(CdRomDrive drive, @Nullable Disc disc, ParameterData data) {
        int tray = 0b001 << 5;
        int eject = 1 << 3;
        int lock = 1;
        data.u8(tray | eject | lock).zeros(3);
    }

    private static void randomReadable(CdRomDrive drive, @Nullable Disc disc, ParameterData data) {
        int errorRecoveryPage = 1;
        int blocking = disc != null && disc.isDvd() ? 16 : 1;
        data.u32(Disc.BLOCK).u16(blocking).u8(errorRecoveryPage).u8(0);
    }

    private static void cdRead(CdRomDrive drive, @Nullable Disc disc, ParameterData data) {
        // Neither C2 error pointers nor CD-Text.
        data.zeros(4);
    }

    private static void dvdRead(CdRomDrive drive, @Nullable Disc disc, ParameterData data) {
        data.zeros(4);
    }

    private static void timeout(CdRomDrive drive, @Nullable Disc disc, ParameterData data) {
        data.zeros(4);
    }
}
