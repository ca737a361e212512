package vmm.scsi.primary;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** The values of a logical unit's mode pages, which all its initiators share. Any thread may call. */
public final class ModeParameters {
    private final ModePages pages;
    private final SavedModes saved;

    /** Null while all pages have their default values. What is in it never changes. */
    private volatile byte @Nullable [][] changed;

    ModeParameters(ModePages pages, SavedModes saved) {
        this.pages = pages;
        this.saved = saved;
        this.changed = afterReset();
    }

    /** What a reset leaves (SPC-5): the saved values, and without any the default ones. */
    private byte @Nullable [][] afterReset() {
        return saved.isEmpty() ? null : pages().stream().map(saved::of).toArray(byte[][]::new);
    }

    /** Its saved values. */
    SavedModes saved() {
        return saved;
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

    /** All pages have their saved values again, or the default ones if nothing is saved. */
    void reset() {
        changed = afterReset();
    }
}
