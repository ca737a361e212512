package vmm.lab;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs a command on this machine with the options that the lab understands. */
final class DirectRun {
    private static final long GRACE_SECONDS = 5;

    private DirectRun() {}

    static int run(List<String> command, RunOptions options) throws IOException, InterruptedException {
        ProcessBuilder builder =
                new ProcessBuilder(command).directory(options.directory().toFile());
        builder.environment().clear();
        builder.environment().putAll(options.environment());
        CommandWatch watch = new CommandWatch(options);
        RunOptions watched = watch.options();
        Process process = builder.start();
        copy("stdin", watched.stdin(), process.getOutputStream(), true);
        Thread out = copy("stdout", process.getInputStream(), watched.stdout(), false);
        Thread err = copy("stderr", process.getErrorStream(), watched.stderr(), false);
        boolean ended = watch.await(limit -> process.waitFor(limit.toNanos(), TimeUnit.NANOSECONDS));
        if (!ended) {
            process.destroy();
            if (!process.waitFor(GRACE_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        }
        int status = process.waitFor();
        out.join(TimeUnit.SECONDS.toMillis(GRACE_SECONDS));
        err.join(TimeUnit.SECONDS.toMillis(GRACE_SECONDS));
        return ended ? status : Lab.TIMED_OUT;
    }

    private static Thread copy(String name, InputStream from, OutputStream to, boolean close) {
        return Thread.ofPlatform().daemon().name(name).start(() -> {
            try {
                from.transferTo(to);
                to.flush();
                if (close) {
                    to.close();
                }
            } catch (IOException e) {
                // One end is gone: the command's, which its status tells, or ours, which is our caller's business.
                return;
            }
        });
    }
}
