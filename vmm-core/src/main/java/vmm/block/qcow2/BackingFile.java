package vmm.block.qcow2;

import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import vmm.block.BlockDevice;
import vmm.block.BlockDevices;
import vmm.block.BlockOptions;
import vmm.block.BlockOptions.Format;
import vmm.block.raw.RawDisk;
import vmm.linux.HostException;

/** Finds and opens what lies behind an image, read-only and as deep as it goes. */
final class BackingFile {
    /** The images that lead here, the last one first opened last. */
    private final List<Path> chain;

    private final BlockOptions options;
    private final Header.Backing backing;

    /**
     * What lies behind an image.
     *
     * @param options how the image itself is opened
     * @param chain the files of the images before it, to which it is added
     */
    BackingFile(BlockOptions options, List<Path> chain, Header.Backing backing) {
        this.options = options;
        this.chain = chain;
        this.backing = backing;
    }

    /**
     * Opens it.
     *
     * @throws HostException if that is not possible, with a sentence that names both
     */
    BlockDevice open() {
        String name = withoutScheme();
        Format format = format();
        if (name.startsWith("nbd:") || name.startsWith("nbd+")) {
            return opened(name, format, List.of());
        }
        if (hasScheme(name)) {
            throw refusal("of a kind that this VMM does not know: use a file, or an nbd:// address");
        }
        Path path = beside(name);
        Path real = real(path);
        if (chain.contains(real)) {
            throw refusal("one of the images before it, so that the chain has no end: correct it with qemu-img rebase"
                    + " -u");
        }
        List<Path> longer = new ArrayList<>(chain);
        longer.add(real);
        return opened(path.toString(), format, longer);
    }

    private BlockDevice opened(String source, Format format, List<Path> chain) {
        BlockOptions behind = new BlockOptions(source, true, format, options.cache(), options.aio(), options.unmap());
        try {
            if (chain.isEmpty()) {
                return BlockDevices.open(behind);
            }
            return format == Format.RAW ? RawDisk.openContainer(source, true) : Qcow2Disk.open(behind, chain);
        } catch (HostException e) {
            throw new HostException(
                    "Disk " + options.source() + " cannot be used without its backing file: " + e.getMessage(), e);
        }
    }

    private Format format() {
        return switch (backing.format()) {
            case "raw", "file", "host_device" -> Format.RAW;
            case "qcow2" -> Format.QCOW2;
            case "" ->
                throw refusal("of a format that the image does not tell, and a guess is not safe: tell it with qemu-img"
                        + " rebase -u -b " + backing.name() + " -F FORMAT " + options.source());
            default ->
                throw refusal("of format " + backing.format()
                        + ", which this VMM does not know: convert it with qemu-img convert -O qcow2");
        };
    }

    private String withoutScheme() {
        String name = backing.name();
        return name.startsWith("file:") ? name.substring("file:".length()) : name;
    }

    /** True if there is a colon before any slash, as QEMU tells protocols from paths. */
    private static boolean hasScheme(String name) {
        int colon = name.indexOf(':');
        int slash = name.indexOf('/');
        return colon >= 0 && (slash < 0 || colon < slash);
    }

    /** A relative name starts from where the image is. */
    private Path beside(String name) {
        try {
            return Path.of(options.source()).resolveSibling(name);
        } catch (InvalidPathException e) {
            throw refusal("no path: correct it with qemu-img rebase -u");
        }
    }

    private Path real(Path path) {
        try {
            return path.toRealPath();
        } catch (IOException e) {
            throw refusal("not there: put it back, or tell where it is with qemu-img rebase -u -b FILE -F "
                    + backing.format() + " " + options.source());
        }
    }

    private HostException refusal(String why) {
        return new HostException(
                "Disk " + options.source() + " has the backing file " + backing.name() + ", which is " + why + ".");
    }
}
