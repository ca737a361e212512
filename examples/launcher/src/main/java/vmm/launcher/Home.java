package vmm.launcher;

import java.nio.file.Files;
import java.nio.file.Path;
import vmm.linux.HostException;

/** Where this program was started from: a command that starts machines of its own starts the same program. */
final class Home {
    private Home() {}

    /**
     * The path of {@code ./vmm}.
     *
     * @throws HostException if the program was not started by it
     */
    static Path vmm() {
        String home = System.getProperty("vmm.home");
        if (home == null || !Files.isExecutable(Path.of(home, "vmm"))) {
            throw new HostException("This command starts machines through the script ./vmm; run it by that script.");
        }
        return Path.of(home, "vmm");
    }
}
