package vmm.scsi.block;

import org.jspecify.annotations.Nullable;

/**
 * The generation codes by which initiators agree on bitmaps that ORWRITE changes (SBC-4 4.27.2). Kept across logical
 * unit resets, not across a power loss. Any thread may call.
 */
final class OrWriteGeneration {
    /** What becomes of a set operation. */
    enum Verdict {
        PERFORM,
        /** It is of a generation that counts no more: nothing is done, with success. */
        DISCARD,
        REFUSE
    }

    /** What set operations of other generations than the current one come to (SBC-4 table 29). */
    record Policy(Verdict previous, Verdict other) {}

    /** By PREVIOUS GENERATION PROCESSING; null for what is reserved. */
    private static final @Nullable Policy[] POLICIES = {
        new Policy(Verdict.PERFORM, Verdict.REFUSE),
        null,
        new Policy(Verdict.DISCARD, Verdict.REFUSE),
        new Policy(Verdict.PERFORM, Verdict.PERFORM),
        null,
        new Policy(Verdict.DISCARD, Verdict.DISCARD),
        null,
        new Policy(Verdict.REFUSE, Verdict.REFUSE)
    };

    private static final Codes POWER_ON = new Codes(0, 0, new Policy(Verdict.REFUSE, Verdict.REFUSE));

    /** The codes at one moment. */
    record Codes(long current, long previous, Policy policy) {}

    /** A change that was made, to be taken back if what belongs to it fails. */
    record Change(Codes before, Codes after) {}

    private volatile Codes codes = POWER_ON;

    /** True if there is such a policy. */
    static boolean hasPolicy(int number) {
        return number < POLICIES.length && POLICIES[number] != null;
    }

    /** Whether a set operation is of the generation that counts. */
    Verdict ofSet(long expected) {
        Codes now = codes;
        if (expected == now.current) {
            return Verdict.PERFORM;
        }
        return expected == now.previous ? now.policy.previous : now.policy.other;
    }

    /**
     * Begins a new generation.
     *
     * @param policy one that {@linkplain #hasPolicy there is}
     * @return null if {@code expected} is not the current one
     */
    synchronized @Nullable Change change(long expected, long next, int policy) {
        Policy rule = POLICIES[policy];
        Codes before = codes;
        if (rule == null || expected != before.current) {
            return null;
        }
        Codes after = new Codes(next, before.current, rule);
        codes = after;
        return new Change(before, after);
    }

    /** Takes a change back, unless there has been another one since. */
    @SuppressWarnings("ReferenceEquality") // Equal codes of a later change are not these.
    synchronized void takeBack(Change change) {
        if (codes == change.after) {
            codes = change.before;
        }
    }
}
