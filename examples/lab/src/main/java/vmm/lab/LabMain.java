package vmm.lab;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import vmm.linux.HostException;

/** The lab without the launcher: {@code run [--module NAME]... COMMAND}, {@code stop}, {@code status}. */
public final class LabMain {
    private LabMain() {}

    /** Exits with the command's status, or 1 with a sentence on standard error. */
    public static void main(String[] args) {
        int status = 1;
        try {
            status = run(Arrays.asList(args));
        } catch (HostException e) {
            System.err.println(e.getMessage());
        }
        System.exit(status);
    }

    private static int run(List<String> args) {
        LabConfig config = LabConfig.ofEnvironment();
        Progress progress = line -> System.err.println("lab: " + line);
        String verb = args.isEmpty() ? "" : args.getFirst();
        switch (verb) {
            case "run" -> {
                List<String> modules = new ArrayList<>();
                int command = 1;
                for (; args.get(command).equals("--module"); command += 2) {
                    modules.add(args.get(command + 1));
                }
                try (Lab lab = Lab.start(config, progress)) {
                    return lab.run(
                            args.subList(command, args.size()),
                            RunOptions.quiet()
                                    .withStreams(
                                            new FileInputStream(FileDescriptor.in),
                                            new FileOutputStream(FileDescriptor.out),
                                            new FileOutputStream(FileDescriptor.err))
                                    .withModules(modules)
                                    .forwardingSignals());
                }
            }
            case "stop" -> {
                boolean ran = Lab.stop(config, progress);
                progress.step(ran ? "Stopped" : "Not running");
                return 0;
            }
            case "status" -> {
                System.out.println(Lab.status(config));
                return 0;
            }
            default -> throw new HostException("Usage: run [--module NAME]... COMMAND | stop | status.");
        }
    }
}
