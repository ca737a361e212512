package vmm.scsi.primary;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** The mode pages of one kind of logical unit, in ascending order. */
public final class ModePages {
    /** D_SENSE of byte 2 of the control page. */
    public static final int D_SENSE = 1 << 2;

    /** SWP of byte 4 of the control page. */
    public static final int SWP = 1 << 3;

    /** TAS of byte 5 of the control page. */
    public static final int TAS = 1 << 6;

    /**
     * Control (SPC-5 7.5.11): a task set for each I_T nexus (TST 001b), no log to save (GLTSD), commands run in any
     * order (QUEUE ALGORITHM MODIFIER 1), no time limits.
     */
    public static final ModePage CONTROL =
            ModePage.of("Control", "0a 0a 22 10 00 00 00 00 ff ff 00 00", "00 00 04 00 08 40 00 00 00 00 00 00");

    /** Control Extension (SPC-5 7.5.12): sense data of up to 252 bytes. */
    public static final ModePage CONTROL_EXTENSION =
            ModePage.fixed("Control Extension", "4a 01 00 1c 00 00 fc" + " 00".repeat(25));

    /** Power Condition (SPC-5 7.5.17): no timers. */
    public static final ModePage POWER_CONDITION = ModePage.fixed("Power Condition", "1a 26" + " 00".repeat(38));

    /** Informational Exceptions Control (SPC-5 7.5.16): there are none to report (DEXCPT). */
    public static final ModePage INFORMATIONAL_EXCEPTIONS =
            ModePage.fixed("Informational Exceptions Control", "1c 0a 08 00 00 00 00 00 00 00 00 00");

    private final List<ModePage> pages;

    /** The shared pages and these. */
    public ModePages(List<ModePage> more) {
        List<ModePage> all = new ArrayList<>(more);
        all.add(CONTROL);
        all.add(CONTROL_EXTENSION);
        all.add(POWER_CONDITION);
        all.add(INFORMATIONAL_EXCEPTIONS);
        all.sort(Comparator.comparingInt(ModePage::code).thenComparingInt(ModePage::subpage));
        pages = List.copyOf(all);
    }

    /** All of them. */
    List<ModePage> all() {
        return pages;
    }

    /** Where a page is in {@link #all}, or -1 if there is no such page. */
    int find(int code, int subpage) {
        for (int i = 0; i < pages.size(); i++) {
            if (pages.get(i).code() == code && pages.get(i).subpage() == subpage) {
                return i;
            }
        }
        return -1;
    }

    /** The default values of all pages, in their order; not to be changed. */
    byte[][] defaults() {
        return pages.stream().map(ModePage::defaults).toArray(byte[][]::new);
    }
}
