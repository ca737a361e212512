package vmm.control;

import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import vmm.linux.HostException;

/**
 * Where a machine's control socket is: by default {@code vmm/NAME/control} in the user's runtime directory, whose
 * folders come and go with the machines.
 *
 * @param socket the socket's name
 * @param own the machine's own folder, which it is in unless the user wants it elsewhere
 */
public record ControlPath(Path socket, Optional<Path> own) {
    private static final String SOCKET = "control";
    private static final String CONSOLE = "console";

    /** What a machine is called that the user gives no name, after its process. */
    private static final Pattern NAMELESS = Pattern.compile("vmm-([0-9]+)");

    /** Another machine that ends may take the common folder away at any moment. */
    private static final int ATTEMPTS = 10;

    /** Where the user wants it. */
    public static ControlPath at(Path socket) {
        return new ControlPath(socket, Optional.empty());
    }

    /** Where everybody looks for the machine of that name. */
    public static ControlPath of(String machine) {
        Path folder = machines().resolve(machine);
        return new ControlPath(folder.resolve(SOCKET), Optional.of(folder));
    }

    /** Where everybody looks for the serial port of the machine of that name, if it leads to no place of its own. */
    public static Path console(String machine) {
        return machines().resolve(machine).resolve(CONSOLE);
    }

    /** The names of this user's machines that listen where everybody looks for them. */
    public static List<String> running() {
        try (Stream<Path> folders = Files.list(machines())) {
            return folders.filter(folder ->
                            Files.exists(folder.resolve(SOCKET)) && !UnixListener.isAbandoned(folder.resolve(SOCKET)))
                    .map(folder -> folder.getFileName().toString())
                    .sorted()
                    .toList();
        } catch (IOException none) {
            return List.of();
        }
    }

    /**
     * Takes away what killed machines of this user have left where everybody looks for machines.
     *
     * @return the names of those machines
     */
    public static List<String> removeAbandoned() throws IOException {
        List<String> removed = new ArrayList<>();
        try (Stream<Path> folders = Files.list(machines())) {
            for (Path folder : folders.sorted().toList()) {
                if (removeAbandoned(folder)) {
                    removed.add(folder.getFileName().toString());
                }
            }
        } catch (NoSuchFileException none) {
            return List.of();
        }
        return removed;
    }

    private static boolean removeAbandoned(Path folder) throws IOException {
        Path socket = folder.resolve(SOCKET);
        if (!UnixListener.isAbandoned(socket)) {
            return false;
        }
        // A machine may begin under that name at this moment; whose socket it is shows when nobody else can take it.
        Path aside = folder.resolve(SOCKET + "." + ProcessHandle.current().pid());
        Files.move(socket, aside, StandardCopyOption.ATOMIC_MOVE);
        if (!UnixListener.isAbandoned(aside)) {
            Files.move(aside, socket, StandardCopyOption.ATOMIC_MOVE);
            return false;
        }
        Files.delete(aside);
        if (UnixListener.isAbandoned(folder.resolve(CONSOLE))) {
            Files.deleteIfExists(folder.resolve(CONSOLE));
        }
        try {
            Files.deleteIfExists(folder);
        } catch (DirectoryNotEmptyException usedAgain) {
            return false;
        }
        return true;
    }

    private static Path machines() {
        String runtime = System.getenv("XDG_RUNTIME_DIR");
        return runtime == null || runtime.isEmpty()
                ? Path.of(System.getProperty("java.io.tmpdir"), "vmm-" + System.getProperty("user.name"))
                : Path.of(runtime, "vmm");
    }

    /** Makes the folders that the socket is to be in, for this user only. */
    void makeRoom() throws IOException {
        if (own.isEmpty()) {
            return;
        }
        FileAttribute<?> owner = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
        Path machines = machines();
        for (int attempt = 1; ; attempt++) {
            try {
                Files.createDirectories(machines, owner);
                String name =
                        Files.getOwner(machines, LinkOption.NOFOLLOW_LINKS).getName();
                if (!name.equals(System.getProperty("user.name"))) {
                    throw new HostException("The folder " + machines + " of running machines belongs to " + name
                            + ": set XDG_RUNTIME_DIR to a directory of yours, or name a socket with --control PATH.");
                }
                Files.createDirectories(own.get(), owner);
                return;
            } catch (NoSuchFileException gone) {
                if (attempt == ATTEMPTS) {
                    throw gone;
                }
            }
        }
    }

    /** Takes away what machines have left that had no name and were killed. */
    void sweep() throws IOException {
        if (own.isEmpty()) {
            return;
        }
        try (Stream<Path> folders = Files.list(machines())) {
            for (Path folder : folders.filter(ControlPath::isLeft).toList()) {
                Files.deleteIfExists(folder.resolve(SOCKET));
                Files.deleteIfExists(folder.resolve(CONSOLE));
                Files.deleteIfExists(folder);
            }
        }
    }

    private static boolean isLeft(Path folder) {
        Matcher name = NAMELESS.matcher(folder.getFileName().toString());
        return name.matches()
                && Files.notExists(Path.of("/proc", name.group(1)))
                && UnixListener.isAbandoned(folder.resolve(SOCKET));
    }

    /** Takes the folders away that hold nothing more. */
    void clear() throws IOException {
        if (own.isEmpty()) {
            return;
        }
        try {
            Files.deleteIfExists(own.get());
            Files.deleteIfExists(machines());
        } catch (DirectoryNotEmptyException othersRun) {
            // Its last machine takes it away.
        }
    }
}
