package vmm.block.qcow2;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import vmm.block.BlockDevice;
import vmm.block.BlockOptions;
import vmm.block.BlockQueue;
import vmm.block.StorageSpace;
import vmm.block.raw.RawDisk;
import vmm.event.EventLoop;
import vmm.linux.Errno;
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
            ImageOpener opener = new ImageOpener(options, file, ImageOpener.CacheSizes.DEFAULT);
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
        return image.size();
    }

    @Override
    public boolean readOnly() {
        return options.readOnly();
    }

    @Override
    public String name() {
        return options.source();
    }

    @Override
    public BlockQueue openQueue(EventLoop loop) {
        Qcow2Queue queue = new Qcow2Queue(this, options, image, loop);
        image.reclaimer().add(queue);
        return queue;
    }

    @Override
    public int discardGranularity() {
        return options.unmap() && !options.readOnly() ? (int) image.geometry().clusterSize : 0;
    }

    /** What the image's own file takes up, tables included; what lies behind it is not counted. */
    @Override
    public Optional<StorageSpace> space() {
        return file.space();
    }

    /**
     * Brings everything to stable storage, unlocks and closes.
     *
     * @throws HostException if the last writes may not be on stable storage; it is closed then as well
     */
    @Override
    public void close() {
        int errno = 0;
        try {
            if (!options.readOnly()) {
                errno = settle();
            }
            closeIfOpen(image.backing());
        } finally {
            file.close();
        }
        if (errno != 0) {
            throw new HostException("Disk " + options.source() + " could not be brought to an end ("
                    + Errno.describe(errno) + "): what was written last may be lost, so check the storage and the"
                    + " image.");
        }
    }

    /** Commits until the file has all, and ends it where it is used no more. */
    private int settle() {
        int errno = 0;
        try (WaitingIo io = new WaitingIo(this)) {
            while (errno == 0 && !image.isSettled()) {
                errno = io.flush();
                io.await(image::isIdle);
            }
        }
        if (errno == 0) {
            image.trim();
        }
        return errno;
    }
}
