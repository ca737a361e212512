package vmm.scsi.primary;

import vmm.scsi.Cdb;
import vmm.scsi.Command;
import vmm.scsi.ParameterData;
import vmm.scsi.ScsiTask;
import vmm.scsi.SenseCode;

/** MODE SENSE (6) and (10) (SPC-5 6.14, 6.15): how the logical unit works. */
final class ModeSense implements Command<PrimaryNexus> {
    private static final int SIX = 0x1a;
    private static final int DBD = 1 << 3;
    private static final int LLBAA = 1 << 4;
    private static final int ALL_PAGES = 0x3f;
    private static final int ALL_SUBPAGES = 0xff;

    /** PS: the page can be saved. */
    private static final int PARAMETERS_SAVEABLE = 0x80;

    // PC (SPC-5, page control)
    private static final int CHANGEABLE = 1;
    private static final int DEFAULT = 2;
    private static final int SAVED = 3;

    @Override
    public void execute(PrimaryNexus nexus, ScsiTask task) {
        PrimaryUnit unit = nexus.unit();
        Cdb cdb = task.cdb();
        boolean six = cdb.operationCode() == SIX;
        int control = cdb.u8(2) >>> 6;
        int page = cdb.u8(2) & 0x3f;
        int subpage = cdb.u8(3);
        if (control == SAVED && !unit.modes().saved().areKept()) {
            task.fail(SenseCode.SAVING_PARAMETERS_NOT_SUPPORTED);
            return;
        }
        if (page == ALL_PAGES && subpage != 0 && subpage != ALL_SUBPAGES) {
            task.invalidField(3, ScsiTask.WHOLE_BYTE);
            return;
        }
        ParameterData data = new ParameterData();
        writeHeader(unit, six, !cdb.has(1, DBD), !six && cdb.has(1, LLBAA), data);
        int header = data.length();
        boolean known = false;
        for (ModePage each : unit.modes().pages()) {
            boolean pageWanted = page == ALL_PAGES || page == each.code();
            known |= pageWanted;
            if (pageWanted && (subpage == ALL_SUBPAGES || subpage == each.subpage())) {
                int at = data.length();
                byte[] values = values(unit, each, control);
                data.bytes(values);
                data.set8(at, values[0] | (unit.modes().saved().keep(each) ? PARAMETERS_SAVEABLE : 0));
            }
        }
        if (data.length() == header) {
            if (known) {
                task.invalidField(3, ScsiTask.WHOLE_BYTE);
            } else {
                task.invalidField(2, 5);
            }
        } else if (six) {
            data.set8(0, data.length() - 1);
            task.answer(data, cdb.u8(4));
        } else {
            data.set16(0, data.length() - 2);
            task.answer(data, cdb.u16(7));
        }
    }

    private static byte[] values(PrimaryUnit unit, ModePage page, int control) {
        return switch (control) {
            case CHANGEABLE -> {
                byte[] mask = page.changeable().clone();
                System.arraycopy(page.defaults(), 0, mask, 0, page.headerLength());
                yield mask;
            }
            case DEFAULT -> page.defaults();
            case SAVED -> unit.modes().saved().of(page);
            default -> unit.modes().current(page);
        };
    }

    /** The mode parameter header and a block descriptor (SPC-5 7.5.6 and 7.5.7). */
    private static void writeHeader(
            PrimaryUnit unit, boolean six, boolean descriptor, boolean longLba, ParameterData data) {
        int mediumType = 0;
        int descriptorLength = !descriptor ? 0 : longLba ? 16 : 8;
        if (six) {
            data.u8(0).u8(mediumType).u8(unit.deviceSpecificParameter()).u8(descriptorLength);
        } else {
            data.u16(0).u8(mediumType).u8(unit.deviceSpecificParameter());
            data.u8(longLba ? 1 : 0).u8(0).u16(descriptorLength);
        }
        if (descriptor) {
            unit.writeBlockDescriptor(data, longLba);
        }
    }
}
