package vmm.lab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import vmm.linux.HostException;

/**
 * An unpacked kernel package.
 *
 * @param version as {@code uname -r} prints it
 * @param image the bzImage
 * @param modules the folder with {@code kernel/} and {@code modules.dep}
 */
public record KernelPackage(String version, Path image, Path modules) {
    /** The kernel unpacked at {@code tree}, if there is one. */
    static Optional<KernelPackage> open(Path tree) {
        Path boot = tree.resolve("boot");
        try (Stream<Path> files = Files.list(boot)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.startsWith("vmlinuz-"))
                    .map(name -> name.substring("vmlinuz-".length()))
                    .map(version ->
                            new KernelPackage(version, boot.resolve("vmlinuz-" + version), modulesOf(tree, version)))
                    .filter(kernel -> Files.isReadable(kernel.modules.resolve("modules.dep")))
                    .findFirst();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private static Path modulesOf(Path tree, String version) {
        Path merged = tree.resolve("usr/lib/modules").resolve(version);
        return Files.isDirectory(merged) ? merged : tree.resolve("lib/modules").resolve(version);
    }

    /** Writes {@code modules.dep}, which packages leave to their installation. */
    static void index(Path tree, Path busybox, PackageCache.Tool tool) throws IOException {
        try (Stream<Path> files = Files.list(tree.resolve("boot"))) {
            String version = files.map(file -> file.getFileName().toString())
                    .filter(name -> name.startsWith("vmlinuz-"))
                    .map(name -> name.substring("vmlinuz-".length()))
                    .findFirst()
                    .orElseThrow(() -> new HostException("The kernel package has no vmlinuz in " + tree + "."));
            // depmod looks in lib/modules only, wherever the distribution put them.
            Path merged = tree.resolve("usr");
            Path base = modulesOf(tree, version).startsWith(merged) ? merged : tree;
            tool.run(List.of(busybox.toString(), "depmod", "-b", base.toString(), version));
        }
    }

    /**
     * Modules and all that they need, in the order in which they can be inserted.
     *
     * @param names module names, where {@code -} and {@code _} are one; names built into the kernel add nothing
     * @return files below {@link #modules}, perhaps compressed
     */
    public List<Path> inOrder(List<String> names) {
        Map<String, String> pathByName = new HashMap<>();
        Map<String, List<String>> needs = new HashMap<>();
        for (String line : lines("modules.dep")) {
            int colon = line.indexOf(':');
            if (colon > 0) {
                String path = line.substring(0, colon);
                pathByName.put(nameOf(path), path);
                needs.put(path, words(line.substring(colon + 1)));
            }
        }
        Set<String> builtIn = new LinkedHashSet<>();
        lines("modules.builtin").forEach(path -> builtIn.add(nameOf(path)));
        Set<String> ordered = new LinkedHashSet<>();
        for (String name : names) {
            String path = pathByName.get(canonical(name));
            if (path != null) {
                addWithNeeds(path, needs, ordered, new ArrayList<>());
            } else if (!builtIn.contains(canonical(name))) {
                throw new HostException("The kernel " + version + " has no module " + name + ".");
            }
        }
        return ordered.stream().map(modules::resolve).toList();
    }

    private static void addWithNeeds(
            String path, Map<String, List<String>> needs, Set<String> ordered, List<String> above) {
        if (above.contains(path)) {
            throw new HostException("The module " + path + " needs itself, says modules.dep.");
        }
        above.add(path);
        for (String need : needs.getOrDefault(path, List.of())) {
            if (!ordered.contains(need)) {
                addWithNeeds(need, needs, ordered, above);
            }
        }
        above.removeLast();
        ordered.add(path);
    }

    private List<String> lines(String file) {
        try {
            return Files.readAllLines(modules.resolve(file));
        } catch (IOException e) {
            throw new HostException("Cannot read " + modules.resolve(file) + "; remove the cached kernel.", e);
        }
    }

    private static List<String> words(String text) {
        return Stream.of(text.strip().split("\\s+"))
                .filter(word -> !word.isEmpty())
                .toList();
    }

    /** The name of the module in a file: {@code kernel/lib/crc-t10dif.ko.xz} has {@code crc_t10dif}. */
    static String nameOf(String path) {
        String file = path.substring(path.lastIndexOf('/') + 1);
        int end = file.indexOf(".ko");
        return canonical(end < 0 ? file : file.substring(0, end));
    }

    private static String canonical(String name) {
        return name.replace('-', '_');
    }
}
