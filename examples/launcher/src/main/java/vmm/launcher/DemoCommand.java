package vmm.launcher;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import vmm.machine.ConfigurationException;

/** {@code vmm demo}: a guest, a disk of each kind, and what both sides say about them. */
@Command(
        name = "demo",
        description = {
            "Boots a guest with one disk on virtio-scsi and one on virtio-blk, lets it read both,",
            "and puts what it saw beside what this machine knows of them."
        },
        footer = {
            "",
            "Linux runs on this machine's KVM if that is as fast as hardware, else in the nested lab.",
            "",
            "Example:",
            "  vmm demo --guest builtin"
        })
final class DemoCommand extends Subcommand {
    @Option(
            names = "--guest",
            paramLabel = "linux|builtin",
            defaultValue = "linux",
            description = "Linux (if left out), or the small guest that comes with the VMM.")
    private String guest = "linux";

    DemoCommand(Console console) {
        super(console);
    }

    @Override
    public Integer call() throws Exception {
        return switch (guest) {
            case "linux" -> new LinuxDemo(console()).run();
            case "builtin" -> new BuiltinDemo(console()).run();
            default -> throw new ConfigurationException("--guest takes linux or builtin, not " + guest + ".");
        };
    }
}
