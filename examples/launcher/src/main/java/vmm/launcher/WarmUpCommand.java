package vmm.launcher;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import vmm.guests.BuiltinGuest;

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
    public Integer call() throws IOException {
        PrintStream nowhere = new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
        Main.execute(nowhere, nowhere, "doctor");
        Path folder = Files.createTempDirectory("vmm-warm-up");
        Path kernel = BuiltinGuest.DISKS.extract(folder);
        try {
            // Where there is no KVM this ends early, and its part of the cache is missing.
            Main.execute(
                    nowhere,
                    nowhere,
                    "run",
                    "--memory",
                    "64M",
                    "--debug-exit",
                    "--kernel",
                    kernel.toString(),
                    "--disk",
                    "file=mem:1M,serial=A",
                    "--disk",
                    "file=null:1M,bus=virtio");
        } finally {
            Files.delete(kernel);
            Files.delete(folder);
        }
        return 0;
    }
}
