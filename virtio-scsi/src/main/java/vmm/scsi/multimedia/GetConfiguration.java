package vmm.scsi.multimedia;

import org.jspecify.annotations.Nullable;
import vmm.scsi.Cdb;
import vmm.scsi.Command;
import vmm.scsi.ParameterData;
import vmm.scsi.ScsiTask;

/** GET CONFIGURATION (MMC-6 6.6): what the drive can do, and what it can do with the disc that is in it. */
final class GetConfiguration implements Command<DriveNexus> {
    private static final int REQUEST_TYPE = 0b11;
    private static final int CURRENT_ONLY = 1;
    private static final int ONE_ONLY = 2;

    @Override
    public void execute(DriveNexus nexus, ScsiTask task) {
        Cdb cdb = task.cdb();
        int type = cdb.u8(1) & REQUEST_TYPE;
        if (type > ONE_ONLY) {
            task.invalidField(1, 1);
            return;
        }
        int first = cdb.u16(2);
        Disc disc = nexus.unit().tray().disc();
        ParameterData data = new ParameterData().u32(0).u16(0).u16(DriveProfile.current(disc));
        for (DriveFeature feature : DriveFeature.ALL) {
            if (isWanted(feature, type, first, disc)) {
                feature.write(nexus.unit(), disc, data);
            }
        }
        data.set32(0, data.length() - 4);
        task.answer(data, cdb.u16(7));
    }

    private static boolean isWanted(DriveFeature feature, int type, int first, @Nullable Disc disc) {
        return switch (type) {
            case ONE_ONLY -> feature.code() == first;
            case CURRENT_ONLY -> feature.code() >= first && feature.isCurrent(disc);
            default -> feature.code() >= first;
        };
    }
}
