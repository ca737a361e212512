package vmm.lab;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import vmm.linux.HostException;

/**
 * What comes from the distribution's package manager: programs, which it installs where it may, and kernels, which are
 * only unpacked into a folder of ours.
 *
 * <p>Whatever stands in the cache is whole: work is done in a folder beside it and renamed. Several processes may use
 * one cache at a time; one of them works, the others wait.
 */
public final class PackageCache {
    // Locks of one JVM exclude each other by an exception, not by waiting.
    private static final ReentrantLock IN_THIS_JVM = new ReentrantLock();

    private final Path folder;
    private final Progress progress;

    /** The cache in {@code folder}, which is created when it is needed. */
    public PackageCache(Path folder, Progress progress) {
        this.folder = folder.toAbsolutePath();
        this.progress = progress;
    }

    /** {@code VMM_CACHE}, or {@code vmm} in {@code XDG_CACHE_HOME} or {@code ~/.cache}. */
    public static Path defaultFolder() {
        Path home = Path.of(System.getProperty("user.home"), ".cache");
        return LabConfig.path(
                System.getenv("VMM_CACHE"),
                LabConfig.path(System.getenv("XDG_CACHE_HOME"), home).resolve("vmm"));
    }

    /**
     * A program that a Debian package has.
     *
     * @param program a file name
     * @param packages the package, installed if the program is missing and this user may
     */
    public Path program(String program, String packages) {
        return programs(List.of(new Need(program, packages))).getFirst();
    }

    /**
     * A program and the package that has it.
     *
     * @param program a file name
     * @param packageName a Debian package
     */
    public record Need(String program, String packageName) {}

    /** As {@link #program}, with one installation for all that is missing. */
    public List<Path> programs(List<Need> needs) {
        List<Need> missing =
                needs.stream().filter(need -> find(need.program()).isEmpty()).toList();
        if (!missing.isEmpty()) {
            install(missing);
        }
        return needs.stream().map(need -> find(need.program()).orElseThrow()).toList();
    }

    /** Whether {@link #programs} would succeed without a change to this machine. */
    static List<Need> missing(List<Need> needs) {
        return needs.stream().filter(need -> find(need.program()).isEmpty()).toList();
    }

    /** Whether this user may install packages here. */
    static boolean mayInstall() {
        return LabDirectory.userId() == 0 && find("apt-get").isPresent();
    }

    private void install(List<Need> missing) {
        List<String> packages =
                missing.stream().map(Need::packageName).distinct().toList();
        String names = String.join(" ", packages);
        if (!mayInstall()) {
            throw new HostException("Missing here: "
                    + String.join(", ", missing.stream().map(Need::program).toList())
                    + "; install them, on Debian and Ubuntu with `apt-get install " + names + "`.");
        }
        exclusively(() -> {
            if (missing(missing).isEmpty()) {
                return Path.of("");
            }
            progress.step("Installing " + names);
            List<String> command = new ArrayList<>(List.of(
                    "apt-get", "install", "-y", "-q", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300"));
            command.addAll(packages);
            Tool tool = new Tool(folder);
            if (!tool.succeeds(command)) {
                progress.step("Updating the package lists");
                tool.run(List.of("apt-get", "update", "-q"));
                tool.run(command);
            }
            return Path.of("");
        });
    }

    static Optional<Path> find(String program) {
        String path = System.getenv().getOrDefault("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin";
        return Stream.of(path.split(":"))
                .filter(entry -> !entry.isEmpty())
                .map(entry -> Path.of(entry, program))
                .filter(Files::isExecutable)
                .findFirst();
    }

    /**
     * The kernel on which a Debian meta-package depends, unpacked; from the cache if it is there, in whatever version.
     *
     * @param metaPackage as {@code linux-image-amd64}
     */
    public KernelPackage kernel(String metaPackage) {
        Path current = folder.resolve("kernels").resolve(metaPackage);
        Optional<KernelPackage> known = KernelPackage.open(current);
        if (known.isPresent()) {
            return known.get();
        }
        Path unpacked = exclusively(() -> {
            if (KernelPackage.open(current).isEmpty()) {
                fetchKernel(metaPackage, current);
            }
            return current;
        });
        return KernelPackage.open(unpacked)
                .orElseThrow(() -> new HostException("The package " + metaPackage + " holds no kernel with modules in "
                        + unpacked + "; remove that folder and try again."));
    }

    private void fetchKernel(String metaPackage, Path target) throws IOException {
        if (find("apt-get").isEmpty() || find("dpkg").isEmpty()) {
            throw new HostException("A kernel for guests is fetched with Debian's apt-get and dpkg, which are missing"
                    + " here; unpack the package " + metaPackage + " into " + target + ".");
        }
        Path busybox = program("busybox", "busybox-static");
        Files.createDirectories(folder.resolve("kernels"));
        Path work = Files.createTempDirectory(folder, "work-");
        Thread cleaner = Thread.ofPlatform().unstarted(() -> Folders.delete(work));
        Runtime.getRuntime().addShutdownHook(cleaner);
        try {
            Tool tool = new Tool(work);
            String name = realName(tool, metaPackage);
            progress.step("Downloading the package " + name);
            List<String> download = List.of("apt-get", "download", "-q", name);
            if (!tool.succeeds(download)) {
                update(tool, name);
                name = realName(tool, metaPackage);
                tool.run(List.of("apt-get", "download", "-q", name));
            }
            progress.step("Unpacking " + name);
            Path tree = work.resolve("tree");
            tool.run(List.of("dpkg", "-x", onlyPackage(work).toString(), tree.toString()));
            KernelPackage.index(tree, busybox, tool);
            Folders.delete(target);
            Files.move(tree, target, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Folders.delete(work);
            unhook(cleaner);
        }
    }

    private static void unhook(Thread cleaner) {
        try {
            Runtime.getRuntime().removeShutdownHook(cleaner);
        } catch (IllegalStateException e) {
            // The JVM is ending, and the hook does the same once more.
            return;
        }
    }

    private void update(Tool tool, String name) {
        if (LabDirectory.userId() != 0) {
            throw new HostException(
                    "The package " + name + " cannot be downloaded; run `apt-get update` as root and try again.");
        }
        progress.step("Updating the package lists");
        tool.run(List.of("apt-get", "update", "-q"));
    }

    /** The package that the meta-package stands for: its first dependency. */
    private String realName(Tool tool, String metaPackage) {
        List<String> show = List.of("apt-cache", "depends", "--no-recommends", "--no-suggests", metaPackage);
        String depends = tool.output(show);
        if (!depends.contains("Depends:")) {
            update(tool, metaPackage);
            depends = tool.output(show);
        }
        return depends.lines()
                .map(String::strip)
                .filter(line -> line.startsWith("Depends: linux-image-"))
                .map(line -> line.substring("Depends: ".length()).strip())
                .findFirst()
                .orElseThrow(() -> new HostException("This distribution has no package " + metaPackage
                        + "; the lab takes its kernels from Debian's repositories."));
    }

    private static Path onlyPackage(Path work) throws IOException {
        try (Stream<Path> files = Files.list(work)) {
            return files.filter(file -> file.toString().endsWith(".deb"))
                    .findFirst()
                    .orElseThrow(() -> new HostException("apt-get downloaded no package into " + work + "."));
        }
    }

    /** What is done by one process at a time. */
    @FunctionalInterface
    interface Work {
        Path run() throws IOException;
    }

    private Path exclusively(Work work) {
        IN_THIS_JVM.lock();
        try {
            Files.createDirectories(folder);
            try (FileChannel file = FileChannel.open(
                            folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                    FileLock lock = lock(file)) {
                if (!lock.isValid()) {
                    throw new IOException("the lock of " + folder + " was lost");
                }
                removeRemains();
                return work.run();
            }
        } catch (IOException e) {
            throw new HostException("Cannot use the cache " + folder + ": " + e.getMessage() + ".", e);
        } finally {
            IN_THIS_JVM.unlock();
        }
    }

    private FileLock lock(FileChannel file) throws IOException {
        @Nullable FileLock lock = file.tryLock();
        if (lock == null) {
            progress.step("Waiting for another process that fills " + folder);
            lock = file.lock();
        }
        return lock;
    }

    /** Removes what a killed process left: nobody else works while the lock is ours. */
    private void removeRemains() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                if (file.getFileName().toString().startsWith("work-")) {
                    Folders.delete(file);
                }
            }
        }
    }

    /** Runs tools in one folder, with their words kept for the sentence that tells of a failure. */
    record Tool(Path directory) {
        String output(List<String> command) {
            return execute(command).output();
        }

        boolean succeeds(List<String> command) {
            return execute(command).status() == 0;
        }

        void run(List<String> command) {
            Result result = execute(command);
            if (result.status() != 0) {
                String[] lines = result.output().split("\n", -1);
                throw new HostException("`" + String.join(" ", command) + "` failed: " + lines[lines.length - 1]);
            }
        }

        private record Result(int status, String output) {}

        private Result execute(List<String> command) {
            try {
                ProcessBuilder builder = new ProcessBuilder(command)
                        .directory(directory.toFile())
                        .redirectErrorStream(true)
                        .redirectInput(ProcessBuilder.Redirect.from(new java.io.File("/dev/null")));
                builder.environment().put("DEBIAN_FRONTEND", "noninteractive");
                builder.environment().put("LC_ALL", "C");
                Process process = builder.start();
                String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
                return new Result(process.waitFor(), output);
            } catch (IOException e) {
                throw new HostException("Cannot run " + command.getFirst() + ": " + e.getMessage() + ".", e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new HostException("Interrupted while " + command.getFirst() + " ran.", e);
            }
        }
    }
}
