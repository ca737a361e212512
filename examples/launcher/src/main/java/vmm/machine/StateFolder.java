package vmm.machine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import vmm.linux.HostException;

/** What a machine that has a name leaves for its next start, beside its disks: {@code vmm/NAME} in the user's state. */
public final class StateFolder {
    private StateFolder() {}

    /** Where the machine's UEFI firmware keeps its variables, unless the user wants them elsewhere. */
    public static Path variables(String machine) {
        return machines().resolve(machine).resolve("ovmf-vars.fd");
    }

    private static Path machines() {
        String state = System.getenv("XDG_STATE_HOME");
        Path folder = state == null || state.isEmpty()
                ? Path.of(System.getProperty("user.home"), ".local", "state")
                : Path.of(state);
        return folder.resolve("vmm");
    }

    /**
     * Makes the folder that a file is to be in, if it is one of these.
     *
     * @throws HostException if that is impossible
     */
    static void makeRoom(Path file) {
        if (!file.startsWith(machines())) {
            return;
        }
        try {
            Files.createDirectories(file.resolveSibling("."));
        } catch (IOException e) {
            throw new HostException(
                    "The folder of " + file + " cannot be made (" + e.getMessage()
                            + "): name a file with --firmware-vars, or set XDG_STATE_HOME to a directory of yours.",
                    e);
        }
    }
}
