package vmm.launcher;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/**
 * A command line that was run in this JVM.
 *
 * @param status its exit status
 * @param out its standard output
 * @param err its error output
 */
record Vmm(int status, String out, String err) {
    static Vmm execute(String... args) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int status = Main.execute(
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                args);
        return new Vmm(status, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    /** {@code vmm run --kernel vmlinuz --dry-run} with more options. */
    static Vmm plan(String... more) {
        String[] args = new String[more.length + 4];
        args[0] = "run";
        args[1] = "--kernel";
        args[2] = "vmlinuz";
        args[3] = "--dry-run";
        System.arraycopy(more, 0, args, 4, more.length);
        return execute(args);
    }
}
