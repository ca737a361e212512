package vmm.launcher;

import picocli.AutoComplete;
import picocli.CommandLine.Command;

/** {@code vmm completion}: what a shell needs to complete this program's commands and options. */
@Command(
        name = "completion",
        description = "Prints what bash and zsh need to complete commands and options.",
        footer = {
            "",
            "Example: in this shell, and in those to come",
            "  source <(vmm completion)",
            "  vmm completion > ~/.local/share/bash-completion/completions/vmm",
            "",
            "Exit status: 0."
        })
final class CompletionCommand extends Subcommand {
    CompletionCommand(Console console) {
        super(console);
    }

    @Override
    public Integer call() {
        console().out().print(AutoComplete.bash("vmm", Main.usage(new RootCommand())));
        console().out().flush();
        return 0;
    }
}
