package vmm.bench.compare;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What the threads of a process did in the kernel, per second.
 *
 * @param systemCalls entered
 * @param interrupts accepted by a guest's interrupt controller
 */
record KernelCounts(double systemCalls, double interrupts) {
    private static final String SYSTEM_CALLS = "raw_syscalls:sys_enter";
    private static final String INTERRUPTS = "kvm:kvm_apic_accept_irq";

    /** Counts by {@code perf} for a while; empty if there is no perf, or it may not do this. */
    static Optional<KernelCounts> of(long pid, double seconds) throws IOException, InterruptedException {
        List<String> command = List.of(
                "perf",
                "stat",
                "-x,",
                "-e",
                SYSTEM_CALLS + "," + INTERRUPTS,
                "-p",
                Long.toString(pid),
                "--",
                "sleep",
                String.format(Locale.ROOT, "%.3f", seconds));
        Process perf;
        try {
            perf = new ProcessBuilder(command).redirectErrorStream(true).start();
        } catch (IOException notInstalled) {
            return Optional.empty();
        }
        perf.getOutputStream().close();
        String text = new String(perf.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (perf.waitFor() != 0) {
            return Optional.empty();
        }
        double systemCalls = -1;
        double interrupts = -1;
        for (String line : text.lines().toList()) {
            String[] fields = line.split(",", -1);
            if (fields.length > 2 && fields[0].matches("\\d+")) {
                switch (fields[2]) {
                    case SYSTEM_CALLS -> systemCalls = Long.parseLong(fields[0]) / seconds;
                    case INTERRUPTS -> interrupts = Long.parseLong(fields[0]) / seconds;
                    default -> {}
                }
            }
        }
        return systemCalls < 0 || interrupts < 0
                ? Optional.empty()
                : Optional.of(new KernelCounts(systemCalls, interrupts));
    }
}
