package vmm.launcher;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * One thing that {@code vmm doctor} looked at.
 *
 * @param name what it is
 * @param verdict how good it is
 * @param fact what was found
 * @param advice what follows and what to do about it; empty if nothing is to be done
 */
record Finding(String name, Verdict verdict, String fact, String advice) {
    /** How good a thing is. */
    enum Verdict {
        /** As it should be. */
        OK,
        /** Machines run, but something is slower or missing. */
        WARNING,
        /** No machine runs. */
        FAILED
    }

    static Finding ok(String name, String fact) {
        return new Finding(name, Verdict.OK, fact, "");
    }

    static Finding warning(String name, String fact, String advice) {
        return new Finding(name, Verdict.WARNING, fact, advice);
    }

    static Finding failed(String name, String fact, String advice) {
        return new Finding(name, Verdict.FAILED, fact, advice);
    }

    /** Lines for people, the advice below the fact. */
    String text() {
        String line = "%-8s %-30s %s".formatted(verdict.name().toLowerCase(Locale.ROOT), name, fact);
        return advice.isEmpty() ? line : line + "\n         -> " + advice;
    }

    /** For programs: see {@link Json}. */
    Map<String, Object> tree() {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("name", name);
        tree.put("verdict", verdict.name().toLowerCase(Locale.ROOT));
        tree.put("fact", fact);
        if (!advice.isEmpty()) {
            tree.put("advice", advice);
        }
        return tree;
    }
}
