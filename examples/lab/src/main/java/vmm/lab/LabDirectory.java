package vmm.lab;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import vmm.linux.HostException;

/** The folder in which a running lab is found by later JVMs of the same user. */
final class LabDirectory {
    /** Ports of one lab, and so clients at one time. */
    static final int PORTS = 8;

    /** Linux's limit for the path of a socket, sun_path, without the final zero. */
    private static final int LONGEST_SOCKET_PATH = 107;

    private final Path path;

    LabDirectory(Path path) {
        this.path = path;
    }

    /** Creates the folder, or checks that nobody else can write to it. */
    void prepare() {
        if (port(PORTS).toString().length() > LONGEST_SOCKET_PATH) {
            throw new HostException(
                    "The lab's folder " + path + " has too long a name for sockets; set VMM_LAB_DIR to a shorter one.");
        }
        try {
            Files.createDirectories(
                    path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            if ((int) Files.getAttribute(path, "unix:uid", LinkOption.NOFOLLOW_LINKS) != userId()
                    || !Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
                throw new HostException(
                        "The lab's folder " + path + " belongs to somebody else; set VMM_LAB_DIR to another.");
            }
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwx------"));
        } catch (IOException e) {
            throw new HostException("Cannot use the lab's folder " + path + "; set VMM_LAB_DIR to another.", e);
        }
    }

    static int userId() {
        try {
            return (int) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
        } catch (IOException e) {
            throw new HostException("Cannot find this user's id, for /proc is not mounted.", e);
        }
    }

    Path port(int number) {
        return path.resolve("port-" + number);
    }

    Path pidFile() {
        return path.resolve("pid");
    }

    Path console() {
        return path.resolve("console.log");
    }

    Path initramfs() {
        return path.resolve("l1.cpio.gz");
    }

    /** What the running lab was started with: share, processors and memory, one per line. */
    Path settings() {
        return path.resolve("settings");
    }

    /** The running lab's emulator, if it runs: a process id alone could be anybody's by now. */
    Optional<ProcessHandle> emulator() {
        try {
            long pid = Long.parseLong(Files.readString(pidFile()).strip());
            String command = Files.readString(Path.of("/proc/" + pid + "/cmdline"));
            return command.contains(port(0).toString()) ? ProcessHandle.of(pid) : Optional.empty();
        } catch (IOException | NumberFormatException e) {
            return Optional.empty();
        }
    }

    /** Removes what a lab that no longer runs left behind, but for its console's log. */
    void sweep() {
        try (Stream<Path> files = Files.list(path)) {
            for (Path file : files.toList()) {
                String name = file.getFileName().toString();
                if (!name.endsWith(".lock") && !file.equals(console())) {
                    Files.deleteIfExists(file);
                }
            }
        } catch (IOException e) {
            throw new HostException("Cannot clear the lab's folder " + path + ": " + e.getMessage() + ".", e);
        }
    }

    /** Takes the lock of this name, if nobody has it, until it is closed or this process ends. */
    @Nullable
    FileLock tryLock(String name) {
        try {
            FileChannel file =
                    FileChannel.open(path.resolve(name + ".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            @Nullable FileLock lock = null;
            try {
                lock = file.tryLock();
            } catch (OverlappingFileLockException e) {
                // Another thread of this JVM has it, which is as good as another process.
                lock = null;
            } finally {
                if (lock == null) {
                    file.close();
                }
            }
            return lock;
        } catch (IOException e) {
            throw new HostException("Cannot lock the lab's folder " + path + ": " + e.getMessage() + ".", e);
        }
    }

    @Override
    public String toString() {
        return path.toString();
    }
}
