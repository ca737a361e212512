package vmm.block;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import vmm.linux.HostException;

/**
 * Recognises images that are not raw by how they begin, so that one is not taken for a disk by mistake.
 *
 * <p>That is never reason enough to open it as what it seems: a guest can write any beginning to a raw disk, and a
 * format with backing files would then give it any file of the host to read.
 */
final class ForeignFormat {
    private record Signature(String name, int offset, String bytes) {
        boolean matches(byte[] start) {
            byte[] wanted = bytes.getBytes(StandardCharsets.ISO_8859_1);
            if (start.length < offset + wanted.length) {
                return false;
            }
            for (int i = 0; i < wanted.length; i++) {
                if (start[offset + i] != wanted[i]) {
                    return false;
                }
            }
            return true;
        }
    }

    private static final int LONGEST = 512;

    private static final List<Signature> SIGNATURES = List.of(
            new Signature("qcow2", 0, "QFI\u00fb"),
            new Signature("qed", 0, "QED\0"),
            new Signature("vmdk", 0, "KDMV"),
            new Signature("vmdk", 0, "COWD"),
            new Signature("vhdx", 0, "vhdxfile"),
            new Signature("vpc", 0, "conectix"),
            new Signature("vdi", 0x40, "\u007f\u0010\u00da\u00be"));

    private ForeignFormat() {}

    /**
     * Refuses an image that begins as one of another format does.
     *
     * @throws HostException with a sentence that says how to open it
     */
    static void refuse(String path) {
        recognise(path).ifPresent(format -> {
            throw new HostException("Disk " + path + " begins as a " + format + " image does: say "
                    + (format.equals("qcow2")
                            ? "format=qcow2 if it is one,"
                            : "qemu-img convert -O raw " + path + " " + path + ".raw to convert it,")
                    + " or format=raw if its guest is to see those bytes.");
        });
    }

    private static Optional<String> recognise(String path) {
        byte[] start;
        try (InputStream in = Files.newInputStream(Path.of(path))) {
            start = in.readNBytes(LONGEST);
        } catch (IOException unreadable) {
            return Optional.empty(); // Whoever opens it says why.
        }
        return SIGNATURES.stream()
                .filter(signature -> signature.matches(start))
                .map(Signature::name)
                .findFirst();
    }
}
