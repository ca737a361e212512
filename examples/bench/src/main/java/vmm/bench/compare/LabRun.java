package vmm.bench.compare;

import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import vmm.bench.LinuxBench;
import vmm.lab.GuestHost;
import vmm.lab.RunOptions;
import vmm.linux.HostException;

/**
 * Runs each boot as a command of its own in the nested lab, where this program does it: a lab that dies takes one boot
 * with it, which is repeated.
 *
 * @param host where the lab is
 * @param guest what boots
 * @param options of this program, for the one in the lab
 * @param counting whether system calls are counted
 */
record LabRun(GuestHost host, Guest.Linux guest, List<String> options, boolean counting) implements Rig {
    private static final int ATTEMPTS = 5;

    /** A boot takes a minute or two; a lab that has come to a standstill takes for ever. */
    private static final Duration LIMIT = Duration.ofMinutes(6);

    /** Counts come from trace points, which perf looks for here. */
    private static final String MOUNT_AND_RUN = "[ -d /sys/kernel/tracing/events ]"
            + " || mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null; exec \"$@\"";

    @Override
    public List<Sample> run(Contender contender, List<Row> rows) {
        List<String> command = new ArrayList<>(List.of("sh", "-c", MOUNT_AND_RUN, "sh"));
        command.addAll(LinuxBench.again(Compare.class));
        command.addAll(options);
        command.addAll(List.of(
                "--linux-files", guest.kernel().toString(), guest.disks().toString()));
        OneBoot boot =
                new OneBoot(contender.name(), rows.stream().map(Row::title).toList(), counting);
        command.addAll(List.of("--one-boot", boot.argument()));
        for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
            ByteArrayOutputStream answer = new ByteArrayOutputStream();
            if (succeeds(command, answer)) {
                return OneBoot.samples(answer.toString(StandardCharsets.UTF_8));
            }
            Compare.step("the boot came to nothing in the lab, whose processors are emulated");
        }
        throw new HostException("The lab lost " + contender.name() + " " + ATTEMPTS + " times; try again.");
    }

    private boolean succeeds(List<String> command, ByteArrayOutputStream answer) {
        try {
            int status = host.run(
                    command,
                    RunOptions.quiet()
                            .withStreams(InputStream.nullInputStream(), answer, System.err)
                            .withTimeLimit(LIMIT)
                            .forwardingSignals());
            return status == 0;
        } catch (HostException lost) {
            Compare.step(String.valueOf(lost.getMessage()));
            return false;
        }
    }
}
