package vmm.iscsi;

import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import vmm.linux.HostException;

/** Runs the programs of this module: what goes wrong on the host is one sentence and status 1. */
public final class Program {
    private Program() {}

    /** Runs a command line and returns the exit status. */
    public static int run(Callable<Integer> program, String... args) {
        CommandLine line = new CommandLine(program);
        line.setCaseInsensitiveEnumValuesAllowed(true);
        line.setExecutionExceptionHandler((trouble, command, result) -> {
            if (!(trouble instanceof HostException) && !(trouble instanceof IOException)) {
                throw trouble;
            }
            System.err.println("vmm: " + trouble.getMessage());
            return 1;
        });
        return line.execute(args);
    }
}
