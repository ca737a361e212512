package vmm.scsi.primary;

import vmm.scsi.ItlNexus;

/**
 * A log page (SPC-5 7.3).
 *
 * @param code the page code
 * @param subpage the subpage code, 0 for none
 * @param content writes the log parameters
 * @param <N> the kind of logical unit, by what it keeps for an initiator
 */
public record LogPage<N extends ItlNexus>(int code, int subpage, Content<? super N> content) {
    /** Writes the log parameters of a page. */
    @FunctionalInterface
    public interface Content<N extends ItlNexus> {
        /** Writes them in ascending order of their codes. */
        void write(N nexus, LogParameters parameters);
    }
}
