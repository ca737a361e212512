package vmm.launcher;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import vmm.lab.GuestHost;
import vmm.lab.GuestImages;
import vmm.lab.LabConfig;
import vmm.lab.PackageCache;
import vmm.lab.RunOptions;
import vmm.linux.HostException;

/**
 * An unmodified Linux kernel of the distribution's that runs a script of the test's, where guests have a bearable
 * speed. Each line {@code fact NAME VALUE} that the script prints is for the test to read.
 */
final class LinuxGuest implements AutoCloseable {
    private static final Duration LIMIT = Duration.ofMinutes(6);

    /**
     * How often a boot is tried in the lab. Its processors are emulated, and now and then a guest of several vCPUs dies
     * of a triple fault there or takes the lab with it, under QEMU as under this VMM. On hardware there is one attempt.
     */
    private static final int ATTEMPTS = 5;

    private static final String NAME = "linux-guest-test";

    private final GuestHost host;
    private final GuestImages images;
    private final Path folder;
    private final Path initrd;

    /** What has to be done before each attempt, so that all begin alike. */
    @FunctionalInterface
    interface Preparation {
        void run() throws IOException;
    }

    /**
     * What a boot came to.
     *
     * @param status of the VMM
     * @param console all that it and the guest said
     * @param facts what the script told
     */
    record Boot(int status, String console, Map<String, String> facts) {
        /** A fact, or something that is none and says what happened. */
        String fact(String name) {
            return facts.getOrDefault(name, "(not told)\n" + console);
        }
    }

    private LinuxGuest(GuestHost host, GuestImages images, Path folder, Path initrd) {
        this.host = host;
        this.images = images;
        this.folder = folder;
        this.initrd = initrd;
    }

    /**
     * A guest that has not been started.
     *
     * @param script a resource beside this class
     * @param programs of the host that the script needs beside busybox
     */
    static LinuxGuest prepare(String script, Path... programs) throws IOException {
        return prepare(script, GuestImages.DISK_MODULES, programs);
    }

    /** As above, with these modules instead of those that every disk needs. */
    static LinuxGuest prepare(String script, List<String> modules, Path... programs) throws IOException {
        GuestHost host = VmmProcess.guestHost();
        assumeTrue(host.place() != GuestHost.Place.NONE, () -> "no Linux guest can run here: " + host.reason());
        for (Path program : programs) {
            assumeTrue(Files.isExecutable(program), () -> "no " + program);
        }
        GuestImages images =
                GuestImages.prepare(PackageCache.defaultFolder(), step -> System.err.println("guest test: " + step));
        Path share = Files.createDirectories(LabConfig.ofEnvironment().share());
        Path folder = Files.createTempDirectory(share, "linux-guest-test-");
        Path initrd = folder.resolve("initrd.gz");
        try (InputStream text = LinuxGuest.class.getResourceAsStream(script)) {
            images.initramfs(modules, List.of(programs), new String(text.readAllBytes(), StandardCharsets.UTF_8))
                    .write(initrd);
        }
        return new LinuxGuest(host, images, folder, initrd);
    }

    /** What it boots. */
    List<Path> kernelAndInitrd() {
        return List.of(images.kernel().image(), initrd);
    }

    /** Where the guest's disks may be. */
    Path folder() {
        return folder;
    }

    /**
     * Boots it, until it powers off.
     *
     * @param preparation done before each attempt
     * @param kernelOptions more for the kernel's command line
     * @param vmmOptions more for {@code vmm run}
     */
    Boot boot(Preparation preparation, String kernelOptions, List<String> vmmOptions) throws IOException {
        return boot(preparation, kernelOptions, vmmOptions, (line, vmm) -> LinuxConsole.Answer.NOTHING);
    }

    /** As above, with somebody who listens to it and may answer. */
    Boot boot(Preparation preparation, String kernelOptions, List<String> vmmOptions, LinuxConsole.Listener listener)
            throws IOException {
        List<String> arguments = new ArrayList<>(List.of("run", NAME, "--no-reboot"));
        arguments.addAll(List.of("--kernel", images.kernel().image().toString(), "--initrd", initrd.toString()));
        arguments.addAll(List.of("--append", "console=ttyS0 quiet panic=-1 " + kernelOptions));
        arguments.addAll(vmmOptions);
        // The shell becomes the VMM once it has told its number. SIGQUIT has that count the objects that live.
        List<String> command =
                new ArrayList<>(List.of("sh", "-c", "echo " + LinuxConsole.PID + "$$; exec \"$0\" \"$@\""));
        command.addAll(VmmProcess.command(arguments));
        command.add(4, "-XX:+PrintClassHistogram");
        return run(preparation, command, listener);
    }

    /** Runs a program of the test's that boots it, which says what {@code vmm run} would say. */
    Boot run(Preparation preparation, List<String> command, LinuxConsole.Listener listener) throws IOException {
        boolean inLab = host.place() == GuestHost.Place.LAB;
        int status = 0;
        String console = "";
        for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
            preparation.run();
            try (LinuxConsole said = new LinuxConsole(listener)) {
                status = runOnce(command, said);
                console = said.text();
            }
            if (!inLab || (status != -1 && !console.contains("met a triple fault"))) {
                break;
            }
            System.err.println("guest test: the emulator lost the guest in attempt " + attempt);
        }
        Map<String, String> facts = new HashMap<>();
        console.lines().filter(line -> line.startsWith("fact ")).forEach(line -> {
            String[] parts = line.split(" ", 3);
            facts.put(parts[1], parts.length > 2 ? parts[2].strip() : "");
        });
        return new Boot(status, console, facts);
    }

    /** Returns the VMM's status, or -1 if the lab was lost. */
    private int runOnce(List<String> command, LinuxConsole console) {
        try {
            return host.run(
                    command,
                    RunOptions.quiet()
                            .withStreams(console.input(), console.output(), console.output())
                            .withTimeLimit(LIMIT));
        } catch (HostException lost) {
            if (host.place() != GuestHost.Place.LAB) {
                throw lost;
            }
            return -1;
        }
    }

    /** Presses its power button, waits until it is off, and returns what was said meanwhile. */
    String stop() {
        return say(VmmProcess.command(List.of("stop", NAME)).toArray(String[]::new));
    }

    /** Runs a command beside the guest's VMM, and returns what it says. */
    String say(String... command) {
        ByteArrayOutputStream output = new ByteArrayOutputStream();
        host.run(
                List.of(command),
                RunOptions.quiet()
                        .withStreams(InputStream.nullInputStream(), output, output)
                        .withTimeLimit(LIMIT));
        return output.toString(StandardCharsets.UTF_8);
    }

    @Override
    public void close() throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
        host.close();
    }
}
