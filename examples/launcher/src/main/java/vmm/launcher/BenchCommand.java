package vmm.launcher;

import java.util.Map;
import picocli.CommandLine.Command;

/** {@code vmm bench}: measurements that anyone can repeat. */
@Command(
        name = "bench",
        description = "Measures this VMM on this machine.",
        footer = {"", "Example:", "  vmm bench startup --runs 20"})
final class BenchCommand extends CommandGroup {
    BenchCommand(Console console) {
        super(console, "bench", Map.of("startup", new BenchStartupCommand(console)));
    }
}
