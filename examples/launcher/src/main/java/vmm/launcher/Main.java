package vmm.launcher;

import java.io.PrintStream;
import java.io.PrintWriter;
import java.util.Arrays;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;
import vmm.linux.HostException;
import vmm.machine.ConfigurationException;

/** The {@code vmm} command: finds the subcommand, runs it, and turns what went wrong into a sentence and a status. */
public final class Main {
    /** Exit status: something failed, and a sentence on the error output says what. */
    static final int FAILED = 1;

    /** Exit status: the command line makes no sense. */
    static final int WRONG_USAGE = 2;

    private Main() {}

    /** Runs the command line and ends the process with its exit status. */
    public static void main(String[] args) {
        System.exit(execute(System.out, System.err, args));
    }

    /**
     * Runs a command line.
     *
     * @return 0 if it did what it should, 1 if it failed, 2 for wrong usage; {@code run} may return what its guest says
     */
    static int execute(PrintStream out, PrintStream err, String... args) {
        Console console = new Console(out, err);
        if (args.length == 0) {
            usage(new RootCommand()).usage(err);
            return WRONG_USAGE;
        }
        Subcommand command = RootCommand.create(args[0], console);
        if (command == null) {
            return root(console, args);
        }
        CommandLine line = new CommandLine(command).setCommandName("vmm " + args[0]);
        command.addSubcommands(line);
        return run(line, console, Arrays.copyOfRange(args, 1, args.length));
    }

    private static int root(Console console, String... args) {
        return switch (args[0]) {
            case "--help", "-h", "help" -> {
                usage(new RootCommand()).usage(console.out());
                yield 0;
            }
            case "--version", "-V" -> {
                console.out().println("vmm " + RootCommand.version());
                yield 0;
            }
            default -> {
                List<String> names = RootCommand.names();
                String meant = Nearest.to(args[0], names)
                        .map(near -> "did you mean vmm " + near + "?")
                        .orElse("it knows " + String.join(", ", names) + ".");
                console.fail("There is no command " + args[0] + "; " + meant);
                yield WRONG_USAGE;
            }
        };
    }

    /** All commands, to tell of. */
    static CommandLine usage(RootCommand root) {
        CommandLine line = new CommandLine(root);
        Console nowhere = new Console(System.out, System.err);
        for (String name : RootCommand.names()) {
            Subcommand command = RootCommand.create(name, nowhere);
            if (command != null) {
                line.addSubcommand(name, command);
            }
        }
        return line;
    }

    private static int run(CommandLine line, Console console, String... args) {
        line.setOut(new PrintWriter(console.out(), true, console.out().charset()));
        line.setErr(new PrintWriter(console.err(), true, console.err().charset()));
        line.setParameterExceptionHandler((trouble, arguments) -> {
            console.fail(sentence(trouble) + " See "
                    + trouble.getCommandLine().getCommandSpec().qualifiedName() + " --help.");
            return WRONG_USAGE;
        });
        line.setExecutionExceptionHandler((trouble, which, result) -> {
            boolean debug = which.getCommand() instanceof Subcommand command && command.debug();
            return explain(trouble, debug, console);
        });
        return line.execute(args);
    }

    private static int explain(Exception trouble, boolean debug, Console console) {
        int status = trouble instanceof ConfigurationException ? WRONG_USAGE : FAILED;
        if (trouble instanceof ConfigurationException || trouble instanceof HostException) {
            console.fail(String.valueOf(trouble.getMessage()));
        } else {
            console.fail("Something went wrong inside the VMM (" + trouble
                    + "); run it again with --debug to see where, and report that.");
        }
        if (debug) {
            trouble.printStackTrace(console.err());
        }
        return status;
    }

    private static String sentence(ParameterException trouble) {
        String message = String.valueOf(trouble.getMessage());
        if (trouble instanceof UnmatchedArgumentException unmatched) {
            String word = unmatched.getUnmatched().getFirst();
            List<String> options = List.copyOf(
                    trouble.getCommandLine().getCommandSpec().optionsMap().keySet());
            String meant = Nearest.to(word, options)
                    .map(near -> "; did you mean " + near + "?")
                    .orElse(".");
            return "There is no " + (word.startsWith("-") ? "option " : "place for the word ") + word + meant;
        }
        return message.endsWith(".") ? message : message + ".";
    }
}
