package vmm.launcher;

import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine.Command;

/**
 * {@code vmm warm-up}: does in one run of the JVM what users do in many, so that {@code ./vmm} can have the JVM store
 * the classes that it loads (its AOT cache). Changes nothing and says nothing.
 */
@Command(
        name = "warm-up",
        hidden = true,
        description = "Exercises the program, for the JVM's cache of classes.",
        footer = {"", "Example:", "  java -XX:AOTCacheOutput=vmm.aot ... warm-up"})
final class WarmUpCommand extends Subcommand {
    WarmUpCommand(Console console) {
        super(console);
    }

    @Override
    public Integer call() {
        PrintStream nowhere = new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
        Main.execute(nowhere, nowhere, "doctor");
        Main.execute(
                nowhere,
                nowhere,
                "run",
                "warm-up",
                "--kernel",
                "kernel",
                "--disk",
                "file=null:1M,serial=A",
                "--disk",
                "file=mem:1M,bus=virtio",
                "--dry-run");
        return 0;
    }
}
