package vmm.scsi.primary;

import java.util.Arrays;
import vmm.scsi.Cdb;
import vmm.scsi.Command;
import vmm.scsi.ParameterData;
import vmm.scsi.ParameterList;
import vmm.scsi.ScsiStatus;
import vmm.scsi.ScsiTask;
import vmm.scsi.SenseCode;
import vmm.scsi.UnitAttention;

/**
 * MODE SELECT (6) and (10) (SPC-5 6.12, 6.13): how the logical unit is to work. All of a parameter list takes effect,
 * or nothing of it.
 */
final class ModeSelect implements Command<PrimaryNexus> {
    private static final int SIX = 0x15;
    private static final int SP = 0;
    private static final int PF = 4;

    private static final int LONGLBA = 1;

    /** PS, which has no meaning in MODE SELECT. */
    private static final int PARAMETERS_SAVEABLE = 0x80;

    @Override
    public void execute(PrimaryNexus nexus, ScsiTask task) {
        Cdb cdb = task.cdb();
        boolean six = cdb.operationCode() == SIX;
        int length = six ? cdb.u8(4) : cdb.u16(7);
        if (cdb.has(1, 1 << SP) && !nexus.unit().modes().saved().areKept()) {
            task.invalidField(1, SP);
        } else if (length == 0) {
            selectNothing(nexus.unit(), task);
        } else if (!cdb.has(1, 1 << PF)) {
            // Pages of the form that vendors had before SCSI-2
            task.invalidField(1, PF);
        } else {
            ParameterList list = task.parameterList(length);
            if (list != null) {
                select(nexus, task, list, six);
            }
        }
    }

    /** SPC-5, PARAMETER LIST LENGTH of 0: no page is sent, but those that there are can be saved. */
    private static void selectNothing(PrimaryUnit unit, ScsiTask task) {
        boolean saved;
        synchronized (unit.modes()) {
            saved = savedIfWanted(unit, task, unit.modes().copy());
        }
        if (saved) {
            task.end(ScsiStatus.GOOD);
        }
    }

    /** False if values were to be saved and could not be; then the command has ended. */
    private static boolean savedIfWanted(PrimaryUnit unit, ScsiTask task, byte[][] values) {
        ModeParameters modes = unit.modes();
        if (task.cdb().has(1, 1 << SP) && !modes.saved().save(modes.pages(), values)) {
            task.fail(SenseCode.INTERNAL_TARGET_FAILURE);
            return false;
        }
        return true;
    }

    private static void select(PrimaryNexus nexus, ScsiTask task, ParameterList list, boolean six) {
        PrimaryUnit unit = nexus.unit();
        int pages = checkHeader(unit, task, list, six);
        if (pages < 0) {
            return;
        }
        // Two initiators at once: the later one changes what the earlier one has left.
        boolean changed;
        synchronized (unit.modes()) {
            byte[][] before = unit.modes().copy();
            byte[][] after = before.clone();
            if (!readPages(unit.modes(), task, list, pages, after)) {
                return;
            }
            if (!savedIfWanted(unit, task, after)) {
                return;
            }
            changed = !Arrays.deepEquals(before, after);
            if (changed) {
                unit.modes().replace(after);
            }
        }
        if (changed) {
            unit.modesChanged();
            unit.raiseForOthers(nexus, UnitAttention.MODE_PARAMETERS_CHANGED);
        }
        task.end(ScsiStatus.GOOD);
    }

    /** Where the pages begin, or -1 if the command has ended. */
    private static int checkHeader(PrimaryUnit unit, ScsiTask task, ParameterList list, boolean six) {
        int header = six ? 4 : 8;
        if (list.length() < header) {
            task.fail(SenseCode.PARAMETER_LIST_LENGTH_ERROR);
            return -1;
        }
        int mediumType = six ? 1 : 2;
        if (list.u8(mediumType) != 0) {
            task.invalidParameter(mediumType, ScsiTask.WHOLE_BYTE);
            return -1;
        }
        boolean longLba = !six && list.has(4, LONGLBA);
        int descriptors = six ? list.u8(3) : list.u16(6);
        if (descriptors == 0) {
            return header;
        }
        int expected = longLba ? 16 : 8;
        if (descriptors != expected) {
            task.invalidParameter(six ? 3 : 6, ScsiTask.WHOLE_BYTE);
            return -1;
        }
        if (list.length() < header + expected) {
            task.fail(SenseCode.PARAMETER_LIST_LENGTH_ERROR);
            return -1;
        }
        ParameterData present = new ParameterData();
        unit.writeBlockDescriptor(present, longLba);
        byte[] wanted = Arrays.copyOfRange(list.bytes(), header, header + expected);
        int refused = unit.refusedInBlockDescriptor(wanted, Arrays.copyOf(present.bytes(), expected));
        if (refused >= 0) {
            task.invalidParameter(header + refused, ScsiTask.WHOLE_BYTE);
            return -1;
        }
        return header + expected;
    }

    /** Puts all pages of the list into {@code values}; false if the command has ended. */
    private static boolean readPages(
            ModeParameters modes, ScsiTask task, ParameterList list, int start, byte[][] values) {
        int at = start;
        while (at < list.length()) {
            boolean hasSubpage = ModePage.isSubpage(list.bytes(), at);
            if (list.length() - at < (hasSubpage ? 4 : 2)) {
                task.fail(SenseCode.PARAMETER_LIST_LENGTH_ERROR);
                return false;
            }
            int index = modes.find(list.u8(at) & 0x3f, hasSubpage ? list.u8(at + 1) : 0);
            if (index < 0) {
                task.invalidParameter(at, 5);
                return false;
            }
            ModePage page = modes.pages().get(index);
            int header = page.headerLength();
            int length = header + (hasSubpage ? list.u16(at + 2) : list.u8(at + 1));
            if (length != page.defaults().length) {
                task.invalidParameter(at + (hasSubpage ? 2 : 1), ScsiTask.WHOLE_BYTE);
                return false;
            }
            if (list.length() - at < length) {
                task.fail(SenseCode.PARAMETER_LIST_LENGTH_ERROR);
                return false;
            }
            byte[] wanted = Arrays.copyOfRange(list.bytes(), at, at + length);
            wanted[0] = (byte) (wanted[0] & ~PARAMETERS_SAVEABLE);
            int refused = firstRefused(page, values[index], wanted);
            if (refused >= 0) {
                task.invalidParameter(at + (refused >>> 3), refused & 7);
                return false;
            }
            values[index] = wanted;
            at += length;
        }
        return true;
    }

    /** The first bit that differs and cannot be changed, as eight times its byte and its number there, or -1. */
    private static int firstRefused(ModePage page, byte[] present, byte[] wanted) {
        for (int i = page.headerLength(); i < wanted.length; i++) {
            int refused = (present[i] ^ wanted[i]) & ~page.changeable()[i] & 0xff;
            if (refused != 0) {
                return i << 3 | (31 - Integer.numberOfLeadingZeros(refused));
            }
        }
        return -1;
    }
}
