package vmm.launcher;

import java.io.PrintStream;

/**
 * Where a command speaks.
 *
 * @param out what was asked for
 * @param err progress and trouble
 */
record Console(PrintStream out, PrintStream err) {
    /** Tells what went wrong, in one sentence. */
    void fail(String sentence) {
        err.println("vmm: " + sentence);
    }

    /** Tells what takes time now. */
    void step(String what) {
        err.println("vmm: " + what + " ...");
    }
}
