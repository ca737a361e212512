package vmm.bench.boots;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import vmm.lab.DebianDisk;
import vmm.lab.DebianSession;
import vmm.lab.Dialogue;
import vmm.lab.GuestHost;
import vmm.lab.Progress;
import vmm.lab.RunOptions;
import vmm.linux.HostException;

/**
 * Starts a system and takes the time until somebody may log in. Each boot is a command of its own, so a lab that dies
 * costs that boot only.
 *
 * @param host where guests run
 * @param limit how long a boot may take
 * @param attempts how often a boot is tried
 * @param progress hears of boots that came to nothing
 */
record BootRun(GuestHost host, Duration limit, int attempts, Progress progress) {
    /** What the shell says that then starts the VMM. */
    private static final String START = "boot-starts ";

    /** Each loader names itself first. */
    private static final String LOADER = "GRUB";

    private static final Pattern SHELL = Pattern.compile(START + "(\\d+)");
    private static final Path MEMORY = Path.of("/dev/shm");

    /**
     * What a boot came to.
     *
     * @param loader seconds to the loader's first word; nothing if there was no loader
     * @param login seconds until somebody may log in; nothing if it did not come to that
     * @param lost attempts that came to nothing
     */
    record Boot(Optional<Double> loader, Optional<Double> login, int lost) {}

    Boot boot(Starter starter, BootRow row, DebianDisk disk) throws IOException, InterruptedException {
        for (int lost = 0; lost < attempts; lost++) {
            Optional<Boot> boot = attempt(starter, row, disk, lost);
            if (boot.isPresent()) {
                return boot.get();
            }
        }
        return new Boot(Optional.empty(), Optional.empty(), attempts);
    }

    private Optional<Boot> attempt(Starter starter, BootRow row, DebianDisk disk, int lost)
            throws IOException, InterruptedException {
        List<String> command = command(starter, row, disk);
        try (Dialogue console = new Dialogue()) {
            CompletableFuture<Integer> running = run(command, console);
            OptionalLong start = console.await(START, limit);
            OptionalLong loader = row.hasLoader() ? console.await(LOADER, limit) : OptionalLong.empty();
            OptionalLong login = console.await(DebianSession.LOGIN, limit);
            if (!running.isDone()) {
                end(console);
            }
            String how = running.handle((status, trouble) ->
                            trouble == null ? "ended with status " + status : String.valueOf(trouble.getMessage()))
                    .join();
            if (start.isPresent() && login.isPresent()) {
                double begin = start.getAsLong();
                return Optional.of(new Boot(
                        loader.isPresent() ? Optional.of((loader.getAsLong() - begin) / 1e9) : Optional.empty(),
                        Optional.of((login.getAsLong() - begin) / 1e9),
                        lost));
            }
            progress.step(row.title() + " on " + starter.title() + " did not come to a login: it " + how
                    + "; last words: " + lastWords(console));
            return Optional.empty();
        }
    }

    private CompletableFuture<Integer> run(List<String> command, Dialogue console) {
        CompletableFuture<Integer> running = new CompletableFuture<>();
        Thread.ofPlatform().daemon().name("boot").start(() -> {
            try {
                running.complete(host.run(
                        command,
                        RunOptions.quiet()
                                .withStreams(console.input(), console.output(), console.output())
                                .withTimeLimit(limit)
                                .forwardingSignals()));
            } catch (HostException lost) {
                running.completeExceptionally(lost);
            } finally {
                console.end();
            }
        });
        return running;
    }

    /** Ends the shell, which ends the VMM. */
    private void end(Dialogue console) {
        Matcher shell = SHELL.matcher(console.text());
        if (shell.find()) {
            try {
                host.run(List.of("kill", shell.group(1)), RunOptions.quiet());
            } catch (HostException lost) {
                progress.step(String.valueOf(lost.getMessage()));
            }
        }
    }

    private static String lastWords(Dialogue console) {
        String text = console.text().strip();
        return text.substring(Math.max(0, text.length() - 200)).replaceAll("\\s+", " ");
    }

    /** A shell that makes the overlay, says that it starts the VMM, and takes the VMM and its files with it. */
    private List<String> command(Starter starter, BootRow row, DebianDisk disk) throws IOException {
        String name = "vmm-boots-" + ProcessHandle.current().pid();
        Path overlay = MEMORY.resolve(name + ".qcow2");
        Path variables = MEMORY.resolve(name + ".vars");
        List<String> script = new ArrayList<>();
        script.add("trap 'rm -f " + overlay + " " + variables + "' EXIT; trap 'exit 1' INT TERM HUP");
        script.addAll(disk.overlayCommands(overlay, host.place() == GuestHost.Place.LAB));
        if (row.firmware() == BootRow.Firmware.OVMF) {
            script.add("cp " + Starter.ovmf("OVMF_VARS_4M.fd") + " " + variables + " || exit 1");
        }
        // In the lab a program's files come from afar the first time.
        script.add("\"$1\" --version >/dev/null");
        script.add("echo " + START + "$$");
        // What runs in the background would have no input otherwise.
        script.add("exec 3<&0; \"$@\" <&3 & vmm=$!");
        script.add("trap 'kill -KILL $vmm; rm -f " + overlay + " " + variables + "' EXIT; wait $vmm");
        List<String> command = new ArrayList<>(List.of("sh", "-c", String.join("\n", script), "sh"));
        command.addAll(starter.command(row, disk, overlay, variables));
        return command;
    }
}
