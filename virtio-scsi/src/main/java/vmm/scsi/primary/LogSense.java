package vmm.scsi.primary;

import vmm.scsi.Cdb;
import vmm.scsi.Command;
import vmm.scsi.ItlNexus;
import vmm.scsi.ParameterData;
import vmm.scsi.ScsiTask;

/**
 * LOG SENSE (SPC-5 6.10): what the logical unit has counted. Nothing is saved and no parameter has a threshold, so
 * there are cumulative values only.
 *
 * @param <N> the kind of logical unit, by what it keeps for an initiator
 */
final class LogSense<N extends ItlNexus> implements Command<N> {
    private static final int SP = 0;
    private static final int PPC = 1;
    private static final int CUMULATIVE = 0b01;

    private static final int SPF = 0x40;

    /** DS: the page is not saved. */
    private static final int DISABLE_SAVE = 0x80;

    private final LogPages<N> pages;

    LogSense(LogPages<N> pages) {
        this.pages = pages;
    }

    @Override
    public void execute(N nexus, ScsiTask task) {
        Cdb cdb = task.cdb();
        int code = cdb.u8(2) & 0x3f;
        int subpage = cdb.u8(3);
        int pointer = cdb.u16(5);
        if (cdb.has(1, 1 << SP)) {
            task.invalidField(1, SP);
        } else if (cdb.has(1, 1 << PPC)) {
            task.invalidField(1, PPC);
        } else if (cdb.u8(2) >>> 6 != CUMULATIVE) {
            task.invalidField(2, 7);
        } else if (code == LogPages.SUPPORTED_PAGES && (subpage == 0 || subpage == LogPages.ALL_SUBPAGES)) {
            if (pointer == 0) {
                task.answer(supportedPages(nexus, subpage), cdb.u16(7));
            } else {
                task.invalidField(5, ScsiTask.WHOLE_BYTE);
            }
        } else {
            answer(nexus, task, code, subpage, pointer);
        }
    }

    private void answer(N nexus, ScsiTask task, int code, int subpage, int pointer) {
        LogPage<N> page = pages.find(nexus, code, subpage);
        if (page == null) {
            LogPages.refuse(task, subpage);
            return;
        }
        ParameterData data = header(DISABLE_SAVE | code, subpage);
        page.content().write(nexus, new LogParameters(data, pointer));
        data.set16(2, data.length() - 4);
        if (pointer != 0 && data.length() == 4) {
            task.invalidField(5, ScsiTask.WHOLE_BYTE);
        } else {
            task.answer(data, task.cdb().u16(7));
        }
    }

    private static ParameterData header(int code, int subpage) {
        return new ParameterData()
                .u8(code | (subpage == 0 ? 0 : SPF))
                .u8(subpage)
                .u16(0);
    }

    /** Supported Log Pages, or Supported Log Pages and Subpages. */
    private ParameterData supportedPages(N nexus, int subpage) {
        ParameterData data = header(LogPages.SUPPORTED_PAGES, subpage);
        data.u8(LogPages.SUPPORTED_PAGES);
        if (subpage == LogPages.ALL_SUBPAGES) {
            data.u8(0).u8(LogPages.SUPPORTED_PAGES).u8(LogPages.ALL_SUBPAGES);
        }
        for (LogPage<N> page : pages.of(nexus)) {
            if (subpage == LogPages.ALL_SUBPAGES) {
                data.u8(page.code()).u8(page.subpage());
            } else if (page.subpage() == 0) {
                data.u8(page.code());
            }
        }
        data.set16(2, data.length() - 4);
        return data;
    }
}
