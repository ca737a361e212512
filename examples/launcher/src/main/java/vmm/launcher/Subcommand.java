package vmm.launcher;

import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The options that every subcommand has. */
@Command(
        sortOptions = false,
        abbreviateSynopsis = true,
        usageHelpAutoWidth = true,
        separator = " ",
        optionListHeading = "%nOptions:%n",
        parameterListHeading = "%n")
abstract class Subcommand implements Callable<Integer> {
    private final Console console;
    private boolean debug;

    Subcommand(Console console) {
        this.console = console;
    }

    @Option(names = "--help", usageHelp = true, order = 100, description = "Shows this text.")
    boolean help;

    @Option(names = "--debug", order = 101, description = "Logs what happens, and shows stack traces.")
    void debug(boolean on) {
        debug = on;
        if (on) {
            LogConfigurator.setLevel("debug");
        }
    }

    @Option(
            names = "--log",
            order = 102,
            paramLabel = "LEVEL",
            description = "Logs to the error output: error, warn (the default), info, debug, trace or off.")
    void log(String level) {
        LogConfigurator.setLevel(level);
    }

    final boolean debug() {
        return debug;
    }

    final Console console() {
        return console;
    }

    /** Adds the commands below this one. */
    void addSubcommands(CommandLine line) {}

    /** Does what the command is for, and returns the exit status. */
    @Override
    public abstract Integer call() throws Exception;
}
