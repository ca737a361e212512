package vmm.launcher;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import vmm.lab.GuestHost;
import vmm.lab.LabConfig;

/** The {@code vmm} command as a process of its own, from the classes under test. */
final class VmmProcess {
    private VmmProcess() {}

    /** The command line of {@code vmm ARGS}, which works in the lab as well as here. */
    static List<String> command(List<String> arguments) {
        String modules = System.getProperty("jdk.module.path");
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xmx256m",
                "--enable-native-access=com.sun.jna,vmm.core",
                "-p",
                modules,
                "-m",
                "vmm.examples.launcher/vmm.launcher.Main"));
        command.addAll(arguments);
        return command;
    }

    /** Where a Linux guest runs at a bearable speed. */
    static GuestHost guestHost() {
        return GuestHost.choose(LabConfig.ofEnvironment(), step -> System.err.println("guest test: " + step));
    }
}
