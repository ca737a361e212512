package vmm.scsi.primary;

import java.util.List;
import org.jspecify.annotations.Nullable;
import vmm.scsi.ItlNexus;
import vmm.scsi.ScsiTask;

/**
 * The log pages of one kind of logical unit.
 *
 * @param <N> the kind of logical unit, by what it keeps for an initiator
 */
final class LogPages<N extends ItlNexus> {
    /** The lists of pages: they have the first code, and no parameters. */
    static final int SUPPORTED_PAGES = 0x00;

    static final int ALL_SUBPAGES = 0xff;

    private final List<LogPage<N>> pages;

    /**
     * The pages of a kind.
     *
     * @param pages in ascending order, without the lists of pages themselves
     */
    LogPages(List<LogPage<N>> pages) {
        this.pages = pages;
    }

    /** Those that a logical unit has. */
    List<LogPage<N>> of(N nexus) {
        return pages.stream().filter(page -> page.presence().test(nexus)).toList();
    }

    /** A page that a logical unit has, or null. */
    @Nullable
    LogPage<N> find(N nexus, int code, int subpage) {
        for (LogPage<N> page : pages) {
            if (page.code() == code
                    && page.subpage() == subpage
                    && page.presence().test(nexus)) {
                return page;
            }
        }
        return null;
    }

    /** Ends a command whose CDB asks for a page that is not there, in bytes 2 and 3. */
    static void refuse(ScsiTask task, int subpage) {
        if (subpage == 0) {
            task.invalidField(2, 5);
        } else {
            task.invalidField(3, ScsiTask.WHOLE_BYTE);
        }
    }
}
