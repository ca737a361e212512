package vmm.launcher;

import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;

/** What {@code vmm --help} shows. Each run makes only the subcommand that it needs. */
@Command(
        name = "vmm",
        synopsisSubcommandLabel = "COMMAND",
        description = "A KVM virtual machine monitor with virtio-scsi and virtio-blk side by side.",
        commandListHeading = "%nCommands:%n",
        footer = {
            "",
            "Example: boots a kernel with one disk of each kind",
            "  vmm run --kernel vmlinuz --initrd initrd.gz --append \"console=ttyS0\" \\",
            "      --disk file=boot.img --disk file=data.img,bus=virtio",
            "",
            "Each command tells more with --help."
        })
final class RootCommand {
    /** The subcommands to tell of. */
    static List<String> names() {
        return List.of(
                "run",
                "list",
                "info",
                "console",
                "dumpxml",
                "stop",
                "reset",
                "attach",
                "detach",
                "resize",
                "change",
                "eject",
                "fault",
                "doctor",
                "demo",
                "lab",
                "bench",
                "completion");
    }

    /** The subcommand of that name, or null if there is none. */
    static @Nullable Subcommand create(String name, Console console) {
        return switch (name) {
            case "run" -> new RunCommand(console);
            case "list" -> new ListCommand(console);
            case "info" -> new InfoCommand(console);
            case "console" -> new ConsoleCommand(console);
            case "dumpxml" -> new DumpXmlCommand(console);
            case "completion" -> new CompletionCommand(console);
            case "stop" -> new StopCommand(console);
            case "reset" -> new ResetCommand(console);
            case "attach" -> new AttachCommand(console);
            case "detach" -> new DetachCommand(console);
            case "resize" -> new ResizeCommand(console);
            case "change" -> new ChangeCommand(console);
            case "eject" -> new EjectCommand(console);
            case "fault" -> new FaultCommand(console);
            case "doctor" -> new DoctorCommand(console);
            case "demo" -> new DemoCommand(console);
            case "lab" -> new LabCommand(console);
            case "bench" -> new BenchCommand(console);
            case "warm-up" -> new WarmUpCommand(console);
            default -> null;
        };
    }

    static String version() {
        String version = RootCommand.class.getPackage().getImplementationVersion();
        return version == null ? "(not packaged)" : version;
    }
}
