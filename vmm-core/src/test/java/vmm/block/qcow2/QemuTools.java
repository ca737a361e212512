package vmm.block.qcow2;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** QEMU's own tools, which have the last word on what a qcow2 image is. */
final class QemuTools {
    private QemuTools() {}

    /** Skips the test if the tools are missing. */
    static void assumeThere() {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/qemu-img")), "qemu-img is missing: install qemu-utils");
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/qemu-io")), "qemu-io is missing: install qemu-utils");
    }

    /** What a tool said and how it ended. */
    record Result(int status, String output) {}

    static Result run(List<String> command) {
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            process.getOutputStream().close();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return new Result(process.waitFor(), output);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Runs {@code qemu-img}, which has to succeed. */
    static String img(String... arguments) {
        return succeed("qemu-img", List.of(arguments));
    }

    /** Runs commands of {@code qemu-io} on an image, which have to succeed. */
    static String io(Path image, String... commands) {
        List<String> arguments = new ArrayList<>(List.of("-f", "qcow2"));
        for (String command : commands) {
            arguments.add("-c");
            arguments.add(command);
        }
        arguments.add(image.toString());
        return succeed("qemu-io", arguments);
    }

    private static String succeed(String tool, List<String> arguments) {
        List<String> command = new ArrayList<>(List.of(tool));
        command.addAll(arguments);
        Result result = run(command);
        assertEquals(0, result.status, () -> String.join(" ", command) + "\n" + result.output);
        return result.output;
    }

    /** The image has neither errors nor leaks. */
    static void check(Path image) {
        img("check", "-f", "qcow2", image.toString());
    }

    /** The image holds the same data as a raw one. */
    static void compare(Path image, Path raw) {
        img("compare", "-f", "qcow2", "-F", "raw", image.toString(), raw.toString());
    }
}
