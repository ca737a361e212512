package vmm.block.qcow2;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import vmm.block.BlockDevice;
import vmm.block.BlockOptions;
import vmm.block.BlockQueue;
import vmm.block.raw.RawDisk;
import vmm.event.EventLoop;
import vmm.linux.HostException;

/**
 * A disk in QEMU's format qcow2, versions 2 and 3, with everything that lies behind it.
 *
 * <p>It is locked as long as it is open: a writable one against everybody else, a read-only one, and the backing files
 * of any, against writers.
 */
public final class Qcow2Disk implements BlockDevice {
    private final BlockOptions options;
    private final BlockDevice file;
    private final Image image;

    private Qcow2Disk(BlockOptions options, BlockDevice file, Image image) {
        this.options = options;
        this.file = file;
        this.image = image;
    }

    /**
     * Opens an image and its backing files.
     *
     * @throws HostException if one of them is missing, damaged, held by somebody else, or needs what this VMM does not
     *     have, with a sentence that names it and the remedy
     */
    public static Qcow2Disk open(BlockOptions options) {
        Path path = Path.of(options.source());
        try {
            path = path.toRealPath();
        } catch (IOException e) {
            // Opening it will say why.
        }
        return open(options, List.of(path));
    }

    /** Opens an image that others lead to. */
    static Qcow2Disk open(BlockOptions options, List<Path> chain) {
        return open(options, RawDisk.openContainer(options), chain);
    }

    /** Opens the image in {@code file}, which is its own from now on. */
    static Qcow2Disk open(BlockOptions options, BlockDevice file, List<Path> chain) {
        BlockDevice backing = null;
        try {
            ImageOpener opener = new ImageOpener(options, file);
            Header header = opener.readHeader();
            if (header.backing().exists()) {
                backing = new BackingFile(options, chain, header.backing()).open();
            }
            return new Qcow2Disk(options, file, opener.open(backing));
        } catch (HostException e) {
            file.close();
            closeIfOpen(backing);
            throw e;
        }
    }

    private static void closeIfOpen(@Nullable BlockDevice backing) {
        if (backing != null) {
            backing.close();
        }
    }

    @Override
    public long size() {
        return image.header().size();
    }

    @Override
    public boolean readOnly() {
        return true;
    }

    @Override
    public String name() {
        return options.source();
    }

    @Override
    public BlockQueue openQueue(EventLoop loop) {
        return new Qcow2Queue(this, image, loop);
    }

    @Override
    public void close() {
        try {
            closeIfOpen(image.backing());
        } finally {
            file.close();
        }
    }
}
