package vmm.lab;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.cpio.CpioArchiveEntry;
import org.apache.commons.compress.archivers.cpio.CpioArchiveOutputStream;
import org.apache.commons.compress.archivers.cpio.CpioConstants;
import vmm.linux.HostException;

/**
 * Builds the archive from which Linux fills its first root file system: newc cpio, gzipped.
 *
 * <p>Folders above an entry come by themselves. Files are owned by root and have no date, so that the same content
 * gives the same archive. Not for use by several threads.
 */
public final class Initramfs {
    private static final int EXECUTABLE = 0755;
    private static final int PLAIN = 0644;
    private static final int LINK = 0777;

    private sealed interface Entry {
        record Folder() implements Entry {}

        // No record, which would promise equality by content.
        final class Content implements Entry {
            private final byte[] bytes;
            private final int mode;

            Content(byte[] bytes, int mode) {
                this.bytes = bytes;
                this.mode = mode;
            }
        }

        record Copy(Path source, int mode) implements Entry {}

        record Link(String target) implements Entry {}
    }

    private final Map<String, Entry> entries = new LinkedHashMap<>();
    private final List<String> insmods = new ArrayList<>();

    /** An empty archive. */
    public Initramfs() {}

    /** Adds an empty folder. */
    public Initramfs folder(String path) {
        put(path, new Entry.Folder());
        return this;
    }

    /** Adds a text file, not executable. */
    public Initramfs text(String path, String content) {
        put(path, new Entry.Content(content.getBytes(StandardCharsets.UTF_8), PLAIN));
        return this;
    }

    /** Adds an executable script. */
    public Initramfs script(String path, String content) {
        put(path, new Entry.Content(content.getBytes(StandardCharsets.UTF_8), EXECUTABLE));
        return this;
    }

    /** Adds the content of a file of the host, executable if it is. */
    public Initramfs file(String path, Path source) {
        put(path, new Entry.Copy(source, Files.isExecutable(source) ? EXECUTABLE : PLAIN));
        return this;
    }

    /** Adds bytes, not executable. */
    public Initramfs bytes(String path, byte[] content) {
        put(path, new Entry.Content(content.clone(), PLAIN));
        return this;
    }

    /** Adds a symbolic link. */
    public Initramfs link(String path, String target) {
        put(path, new Entry.Link(target));
        return this;
    }

    /** Adds a program of the host at the same path, with the libraries that {@code ldd} names. */
    public Initramfs program(Path program) {
        file(program.toString(), program);
        for (String line : new PackageCache.Tool(Path.of("/"))
                .output(List.of("ldd", program.toString()))
                .lines()
                .toList()) {
            int arrow = line.indexOf("=>");
            String library = (arrow < 0 ? line : line.substring(arrow + 2)).strip();
            int space = library.indexOf(' ');
            String path = space < 0 ? library : library.substring(0, space);
            if (path.startsWith("/")) {
                file(path, Path.of(path));
            } else if (library.startsWith("not found")) {
                throw new HostException("The program " + program + " lacks a library: " + line.strip() + ".");
            }
        }
        return this;
    }

    /**
     * Adds a kernel's modules with all that they need, uncompressed, as {@code /modules/NNN-name.ko}: the shell's order
     * of names is the order of insertion. Call it once.
     *
     * @param modules names, each with its options if it has any, as {@code scsi_debug dev_size_mb=64}
     */
    public Initramfs modules(KernelPackage kernel, List<String> modules) {
        Map<String, String> options = new HashMap<>();
        List<String> names = new ArrayList<>();
        for (String module : modules) {
            String name = module.strip().split("\\s+", 2)[0];
            names.add(name);
            options.put(KernelPackage.nameOf(name), module.strip().substring(name.length()));
        }
        for (Path file : kernel.inOrder(names)) {
            String name = KernelPackage.nameOf(file.toString());
            String path = "/modules/%03d-%s.ko".formatted(insmods.size(), name);
            if (file.toString().endsWith(".ko")) {
                file(path, file);
            } else {
                bytes(path, decompress(file));
            }
            insmods.add(path + options.getOrDefault(name, ""));
        }
        return this;
    }

    /** The lines of a script that insert what {@link #modules} added, with {@code busybox} from {@code /bin}. */
    public String insertModules() {
        StringBuilder lines = new StringBuilder();
        insmods.forEach(
                words -> lines.append("/bin/busybox insmod ").append(words).append('\n'));
        return lines.toString();
    }

    private static byte[] decompress(Path module) {
        String tool = module.toString().endsWith(".zst") ? "zstd" : "xz";
        try {
            Process process = new ProcessBuilder(tool, "-dc", module.toString())
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            byte[] bytes = process.getInputStream().readAllBytes();
            if (process.waitFor() == 0) {
                return bytes;
            }
        } catch (IOException e) {
            throw new HostException("Cannot run " + tool + ", which unpacks kernel modules; install it.", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        throw new HostException("Cannot unpack " + module + "; remove the cached kernel and try again.");
    }

    private void put(String path, Entry entry) {
        String name = path.startsWith("/") ? path.substring(1) : path;
        for (int slash = name.indexOf('/'); slash > 0; slash = name.indexOf('/', slash + 1)) {
            entries.putIfAbsent(name.substring(0, slash), new Entry.Folder());
        }
        entries.put(name, entry);
    }

    /** Writes the archive; {@code target} is the whole of it, or what it was before. */
    public void write(Path target) {
        try {
            Path folder = target.toAbsolutePath().getParent();
            Path part = Files.createTempFile(folder, target.getFileName() + ".", ".part");
            try {
                try (OutputStream file = new BufferedOutputStream(Files.newOutputStream(part), 1 << 16)) {
                    write(file);
                }
                Files.move(part, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(part);
            }
        } catch (IOException e) {
            throw new HostException("Cannot write the initramfs " + target + ": " + e.getMessage() + ".", e);
        }
    }

    private void write(OutputStream file) throws IOException {
        try (GZIPOutputStream gzip = new FastGzip(file);
                CpioArchiveOutputStream cpio = new CpioArchiveOutputStream(gzip, CpioConstants.FORMAT_NEW)) {
            long inode = 1;
            for (Map.Entry<String, Entry> entry : entries.entrySet()) {
                write(cpio, entry.getKey(), entry.getValue(), inode++);
            }
        }
    }

    private static void write(CpioArchiveOutputStream cpio, String name, Entry entry, long inode) throws IOException {
        byte[] content = switch (entry) {
            case Entry.Folder folder -> new byte[0];
            case Entry.Content text -> text.bytes;
            case Entry.Copy copy -> Files.readAllBytes(copy.source);
            case Entry.Link link -> link.target.getBytes(StandardCharsets.UTF_8);
        };
        long mode = switch (entry) {
            case Entry.Folder folder -> CpioConstants.C_ISDIR | EXECUTABLE;
            case Entry.Content text -> CpioConstants.C_ISREG | text.mode;
            case Entry.Copy copy -> CpioConstants.C_ISREG | copy.mode;
            case Entry.Link link -> CpioConstants.C_ISLNK | LINK;
        };
        CpioArchiveEntry header = new CpioArchiveEntry(CpioConstants.FORMAT_NEW, name, content.length);
        header.setMode(mode);
        header.setInode(inode);
        header.setNumberOfLinks(1);
        cpio.putArchiveEntry(header);
        cpio.write(content);
        cpio.closeArchiveEntry();
    }

    /** An emulated processor unpacks this once; the least effort that still halves it is right. */
    private static final class FastGzip extends GZIPOutputStream {
        FastGzip(OutputStream out) throws IOException {
            super(out, 1 << 16);
            def.setLevel(1);
        }
    }
}
