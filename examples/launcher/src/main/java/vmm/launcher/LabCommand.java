package vmm.launcher;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Command;

/** {@code vmm lab}: commands of this file tree on a kernel with real nested KVM. */
@Command(
        name = "lab",
        description = {
            "Runs commands of this machine's file tree on a kernel with nested KVM, which an emulator provides.",
            "The lab starts with the first command, stays up for the next, and ends when nobody has used it for a while."
        },
        footer = {"", "Example:", "  vmm lab run -- ./vmm doctor"})
final class LabCommand extends CommandGroup {
    LabCommand(Console console) {
        super(console, "lab", members(console));
    }

    private static Map<String, Subcommand> members(Console console) {
        Map<String, Subcommand> members = new LinkedHashMap<>();
        members.put("run", new LabRunCommand(console));
        members.put("shell", new LabShellCommand(console));
        members.put("status", new LabStatusCommand(console));
        members.put("stop", new LabStopCommand(console));
        return Collections.unmodifiableMap(members);
    }
}
