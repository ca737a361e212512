package vmm.scsi.primary;

import vmm.scsi.ItlNexus;
import vmm.scsi.ParameterData;

/**
 * A page of vital product data (SPC-5 7.7).
 *
 * @param code the page code
 * @param content writes what follows the four bytes of the page's header
 * @param <N> the kind of logical unit, by what it keeps for an initiator
 */
public record VpdPage<N extends ItlNexus>(int code, Content<? super N> content) {
    /** The same page of a certain kind of logical unit. */
    public <M extends N> VpdPage<M> as() {
        return new VpdPage<>(code, content);
    }

    /** Writes the content of a page. */
    @FunctionalInterface
    public interface Content<N extends ItlNexus> {
        /** Writes it behind the header. */
        void write(N nexus, ParameterData data);
    }
}
