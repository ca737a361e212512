package vmm.machine;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import vmm.block.BlockDevice;
import vmm.block.BlockDevices;
import vmm.block.BlockOptions;
import vmm.block.DiskSize;
import vmm.linux.HostException;
import vmm.scsi.block.protection.ProtectionInformation;

/** Where the protection information of a disk is kept: in a sparse file beside the image. */
final class ProtectionFile {
    private static final String SUFFIX = ".pi";

    private ProtectionFile() {}

    /**
     * Opens the file, which is made if there is none; for a disk in memory, memory.
     *
     * @param image the image that it belongs to
     * @param blocks how many blocks the disk has
     * @throws HostException if that is not possible
     */
    static BlockDevice open(BlockOptions image, long blocks) {
        long sectors = (blocks * ProtectionInformation.BYTES + DiskSize.SECTOR - 1) / DiskSize.SECTOR;
        long bytes = sectors * DiskSize.SECTOR;
        String source = image.source();
        if (source.startsWith("mem:") || source.startsWith("null:")) {
            return BlockDevices.open("mem:" + bytes, false);
        }
        if (source.startsWith("nbd")) {
            throw new HostException("Disk " + source
                    + " cannot have protection=: an NBD server has no place for it; use an image file.");
        }
        Path file = Path.of(source + SUFFIX);
        if (!image.readOnly()) {
            makeRoom(file, bytes);
        } else if (!Files.exists(file)) {
            throw new HostException("Disk " + source + " has no protection information in " + file
                    + ", and is read-only; start without protection=, or once without readonly.");
        }
        return BlockDevices.open(BlockOptions.of(file.toString(), image.readOnly()));
    }

    private static void makeRoom(Path file, long bytes) {
        try (RandomAccessFile made = new RandomAccessFile(file.toFile(), "rw")) {
            if (made.length() < bytes) {
                made.setLength(bytes);
            }
        } catch (IOException e) {
            throw new HostException(
                    "Protection information cannot be kept in " + file + " (" + e.getMessage()
                            + "); make the folder writable, or leave protection= out.",
                    e);
        }
    }
}
