package vmm.lab;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import vmm.linux.HostException;

/**
 * A Debian system on a disk that firmware starts, as {@code examples/lab/debian-disk} makes it. Nobody writes to its
 * image: a guest gets an overlay.
 *
 * @param image a raw image of 1 GiB
 */
public record DebianDisk(Path image) {
    /** How firmware finds the loader. */
    public enum Table {
        /** GRUB behind a master boot record, for a BIOS. */
        MBR,
        /** GRUB on an EFI system partition, for EFI. */
        GPT
    }

    /** What the image's name ends with; the files beside it have other ends. */
    private static final String END = ".img";

    /**
     * The disk, which is made if there is none yet. That takes a minute or two, a network and root.
     *
     * @param home the root of the project's tree
     * @throws HostException if it cannot be made
     */
    public static DebianDisk prepare(Path home, Table table, Progress progress) {
        Path script = home.resolve("examples/lab/debian-disk");
        ProcessBuilder builder =
                new ProcessBuilder(script.toString(), table.name().toLowerCase(Locale.ROOT));
        try {
            Process process = builder.redirectInput(ProcessBuilder.Redirect.from(new java.io.File("/dev/null")))
                    .start();
            String said = "";
            try (BufferedReader lines =
                    new BufferedReader(new InputStreamReader(process.getErrorStream(), StandardCharsets.UTF_8))) {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    said = line.replaceFirst("^vmm: ", "");
                    progress.step(said);
                }
            }
            String image = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            if (process.waitFor() != 0) {
                throw new HostException(said);
            }
            return new DebianDisk(Path.of(image));
        } catch (IOException e) {
            throw new HostException("Cannot run " + script + ": " + e.getMessage() + ".", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new HostException("Interrupted while " + script + " ran.", e);
        }
    }

    /** Its kernel, a bzImage, for a start without firmware. */
    public Path kernel() {
        return beside(".vmlinuz");
    }

    /** The initial RAM disk of that kernel. */
    public Path initrd() {
        return beside(".initrd");
    }

    /** A file that has the command line which GRUB gives that kernel. */
    public Path commandLine() {
        return beside(".cmdline");
    }

    private Path beside(String end) {
        String name = image.getFileName().toString();
        return image.resolveSibling(name.substring(0, name.length() - END.length()) + end);
    }

    /**
     * Shell commands that put an overlay on the image, where a guest's data are lost soon anyway.
     *
     * @param overlay the overlay, which is replaced
     * @param inMemory whether the image is copied to {@code /dev/shm} first, unless it is there: reading it in the lab
     *     would be slow the first time and fast then
     */
    public List<String> overlayCommands(Path overlay, boolean inMemory) {
        Path below = inMemory ? Path.of("/dev/shm").resolve(image.getFileName()) : image;
        String create = "qemu-img create -q -f qcow2 -F raw -b '" + below + "' '" + overlay + "'";
        return inMemory
                ? List.of(
                        "[ -e '" + below + "' ] || { cp --sparse=always '" + image + "' '" + below + ".part' && mv '"
                                + below + ".part' '" + below + "'; } || exit 1",
                        "rm -f '" + overlay + "'",
                        create + " || exit 1")
                : List.of("rm -f '" + overlay + "'", create + " || exit 1");
    }
}
