package vmm.scsi.primary;

import java.util.function.Consumer;
import java.util.function.Predicate;
import vmm.scsi.ItlNexus;

/**
 * A log page (SPC-5 7.3).
 *
 * @param code the page code
 * @param subpage the subpage code, 0 for none
 * @param content writes the log parameters
 * @param presence tells which logical units have it
 * @param resetter sets what can be reset of it to zero
 * @param <N> the kind of logical unit, by what it keeps for an initiator
 */
public record LogPage<N extends ItlNexus>(
        int code,
        int subpage,
        Content<? super N> content,
        Predicate<? super N> presence,
        Consumer<? super N> resetter) {
    /** A page that every logical unit of its kind has, and of which nothing can be reset. */
    public LogPage(int code, int subpage, Content<? super N> content) {
        this(code, subpage, content, nexus -> true, nexus -> {});
    }

    /** The same for logical units of which {@code condition} is true. */
    public LogPage<N> where(Predicate<? super N> condition) {
        return new LogPage<>(code, subpage, content, condition, resetter);
    }

    /** The same, with parameters that LOG SELECT can reset. */
    public LogPage<N> resetBy(Consumer<? super N> action) {
        return new LogPage<>(code, subpage, content, presence, action);
    }

    /** Writes the log parameters of a page. */
    @FunctionalInterface
    public interface Content<N extends ItlNexus> {
        /** Writes them in ascending order of their codes. */
        void write(N nexus, LogParameters parameters);
    }
}
