package vmm.scsi.primary;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** The current values of a logical unit's mode pages, which all its initiators share. Any thread may call. */
public final class ModeParameters {
    private final ModePages pages;

    /** Null while all pages have their default values. What is in it never changes. */
    private volatile byte @Nullable [][] changed;

    ModeParameters(ModePages pages) {
        this.pages = pages;
    }

    /** The pages. */
    List<ModePage> pages() {
        return pages.all();
    }

    /** Where a page is among the pages, or -1. */
    int find(int code, int subpage) {
        return pages.find(code, subpage);
    }

    /** The current values of a page, from its page code on; not to be changed. */
    public byte[] current(ModePage page) {
        int index = pages.find(page.code(), page.subpage());
        byte @Nullable [][] now = changed;
        return now == null ? pages.all().get(index).defaults() : now[index];
    }

    /** True if one of {@code bits} is set in the byte at {@code offset} of a page. */
    public boolean has(ModePage page, int offset, int bits) {
        return (current(page)[offset] & bits) != 0;
    }

    /** Sets and clears bits of a page without MODE SELECT. */
    public synchronized void set(ModePage page, int offset, int bits, boolean on) {
        byte[][] next = copy();
        int index = pages.find(page.code(), page.subpage());
        byte[] values = next[index].clone();
        values[offset] = (byte) (on ? values[offset] | bits : values[offset] & ~bits);
        next[index] = values;
        changed = next;
    }

    /** A copy of all pages in their order, to change whole pages in. */
    byte[][] copy() {
        byte @Nullable [][] now = changed;
        return now == null ? pages.defaults() : now.clone();
    }

    /** All pages have new values at once. */
    void replace(byte[][] values) {
        changed = values;
    }

    /** All pages have their default values again. */
    void reset() {
        changed = null;
    }
}
