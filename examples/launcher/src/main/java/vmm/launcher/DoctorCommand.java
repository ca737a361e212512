package vmm.launcher;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code vmm doctor}: what this machine can run, and what to do about what it cannot. */
@Command(
        name = "doctor",
        description = "Tells what this machine can run, and what to do about what it cannot.",
        footer = {"", "Example:", "  vmm doctor --json", "", "Exit status: 0 virtual machines can run, 1 they cannot."})
final class DoctorCommand extends Subcommand {
    @Option(names = "--json", description = "Tells it as JSON.")
    private boolean json;

    DoctorCommand(Console console) {
        super(console);
    }

    @Override
    public Integer call() {
        List<Finding> findings = new ArrayList<>();
        findings.addAll(HostCheckup.findings());
        findings.addAll(KvmCheckup.findings());
        boolean able = findings.stream().noneMatch(finding -> finding.verdict() == Finding.Verdict.FAILED);
        if (json) {
            Map<String, Object> tree = new LinkedHashMap<>();
            tree.put("canRunMachines", able);
            tree.put("findings", findings.stream().map(Finding::tree).toList());
            console().out().println(Json.write(tree));
        } else {
            findings.forEach(finding -> console().out().println(finding.text()));
            console().out().println(able ? "Virtual machines can run here." : "Virtual machines cannot run here.");
        }
        return able ? 0 : Main.FAILED;
    }
}
