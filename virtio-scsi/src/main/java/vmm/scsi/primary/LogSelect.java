package vmm.scsi.primary;

import java.util.List;
import vmm.scsi.Cdb;
import vmm.scsi.Command;
import vmm.scsi.ItlNexus;
import vmm.scsi.ParameterList;
import vmm.scsi.ScsiStatus;
import vmm.scsi.ScsiTask;
import vmm.scsi.SenseCode;
import vmm.scsi.UnitAttention;

/**
 * LOG SELECT (SPC-5 6.9): lets counters begin at zero again. Nothing is saved, and there are neither thresholds nor
 * parameters that an initiator could give a value.
 *
 * @param <N> the kind of logical unit, by what it keeps for an initiator
 */
final class LogSelect<N extends ItlNexus> implements Command<N> {
    private static final int SP = 0;
    private static final int PCR = 1;

    // PC (SPC-5, page control)
    private static final int CUMULATIVE = 0b01;
    private static final int DEFAULT_CUMULATIVE = 0b11;

    private static final int LIST_LENGTH = 7;

    // A log page in the parameter list
    private static final int HEADER = 4;
    private static final int SPF = 0x40;

    private final LogPages<N> pages;

    LogSelect(LogPages<N> pages) {
        this.pages = pages;
    }

    @Override
    public void execute(N nexus, ScsiTask task) {
        Cdb cdb = task.cdb();
        boolean saves = cdb.has(1, 1 << SP);
        boolean resets = cdb.has(1, 1 << PCR);
        int control = cdb.u8(2) >>> 6;
        int length = cdb.u16(LIST_LENGTH);
        if (saves && (control <= CUMULATIVE || length != 0)) {
            task.invalidField(1, SP);
        } else if (length == 0) {
            reset(nexus, task, resets || control == DEFAULT_CUMULATIVE);
        } else if (resets) {
            task.invalidField(1, PCR);
        } else if ((cdb.u8(2) & 0x3f) != 0 || cdb.u8(3) != 0) {
            // The pages are named in the parameter list
            LogPages.refuse(task, cdb.u8(3));
        } else {
            ParameterList list = task.parameterList(length);
            if (list != null && hasNoParameters(nexus, task, list)) {
                task.end(ScsiStatus.GOOD);
            }
        }
    }

    private void reset(N nexus, ScsiTask task, boolean resets) {
        int code = task.cdb().u8(2) & 0x3f;
        int subpage = task.cdb().u8(3);
        List<LogPage<N>> chosen = pages.of(nexus).stream()
                .filter(page -> isChosen(page, code, subpage))
                .toList();
        if (chosen.isEmpty() && !(code == LogPages.SUPPORTED_PAGES && subpage == LogPages.ALL_SUBPAGES)) {
            LogPages.refuse(task, subpage);
            return;
        }
        if (resets && !chosen.isEmpty()) {
            chosen.forEach(page -> page.resetter().accept(nexus));
            nexus.unit().raiseForOthers(nexus, UnitAttention.LOG_PARAMETERS_CHANGED);
        }
        task.end(ScsiStatus.GOOD);
    }

    /** SPC-5 6.9.2: page code and subpage code 0 mean all pages. */
    private static boolean isChosen(LogPage<?> page, int code, int subpage) {
        if (code == LogPages.SUPPORTED_PAGES && subpage == 0) {
            return true;
        }
        return page.code() == code && (subpage == LogPages.ALL_SUBPAGES || page.subpage() == subpage);
    }

    /** True if a parameter list names pages only; otherwise the task has ended: no parameter can be given a value. */
    private boolean hasNoParameters(N nexus, ScsiTask task, ParameterList list) {
        int at = 0;
        while (at < list.length()) {
            if (list.length() - at < HEADER) {
                task.fail(SenseCode.PARAMETER_LIST_LENGTH_ERROR);
                return false;
            }
            int subpage = list.has(at, SPF) ? list.u8(at + 1) : 0;
            if (pages.find(nexus, list.u8(at) & 0x3f, subpage) == null) {
                task.invalidParameter(at, 5);
                return false;
            }
            if (list.u16(at + 2) != 0) {
                task.invalidParameter(at + HEADER, ScsiTask.WHOLE_BYTE);
                return false;
            }
            at += HEADER;
        }
        return true;
    }
}
