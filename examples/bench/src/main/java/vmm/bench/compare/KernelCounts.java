package vmm.bench.compare;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What the threads of a process did in the kernel, per second.
 *
 * @param systemCalls entered
 * @param interrupts accepted by a guest's interrupt controller
 * @param mmioExits from the guest because of memory that is none; on processors with virtualization only
 */
record KernelCounts(double systemCalls, double interrupts, double mmioExits) {
    private static final String SYSTEM_CALLS = "raw_syscalls:sys_enter";
    private static final String INTERRUPTS = "kvm:kvm_apic_accept_irq";
    private static final String EXITS = "kvm:kvm_exit";

    /** SVM's nested page fault, and VMX's EPT misconfiguration: where KVM has no memory it answers itself. */
    private static final String MMIO = "exit_reason==0x400 || exit_reason==49";

    /** Counts by {@code perf} for a while; empty if there is no perf, or it may not do this. */
    static Optional<KernelCounts> of(long pid, double seconds) throws IOException, InterruptedException {
        List<String> command = List.of(
                "perf",
                "stat",
                "-x,",
                "-e",
                SYSTEM_CALLS,
                "-e",
                INTERRUPTS,
                "-e",
                EXITS,
                "--filter",
                MMIO,
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
        Map<String, Double> rates = new HashMap<>();
        for (String line : text.lines().toList()) {
            String[] fields = line.split(",", -1);
            if (fields.length > 2 && fields[0].matches("\\d+")) {
                rates.put(fields[2], Long.parseLong(fields[0]) / seconds);
            }
        }
        return rates.keySet().containsAll(Set.of(SYSTEM_CALLS, INTERRUPTS, EXITS))
                ? Optional.of(new KernelCounts(
                        rates.getOrDefault(SYSTEM_CALLS, 0.0),
                        rates.getOrDefault(INTERRUPTS, 0.0),
                        rates.getOrDefault(EXITS, 0.0)))
                : Optional.empty();
    }
}
