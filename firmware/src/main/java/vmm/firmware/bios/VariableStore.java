package vmm.firmware.bios;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vmm.linux.Errno;
import vmm.linux.FileIo;
import vmm.linux.FileLock;
import vmm.linux.FileStatus;
import vmm.linux.HostException;
import vmm.linux.IoVector;
import vmm.linux.Mapping;
import vmm.platform.NorFlash;

/**
 * The flash in which UEFI firmware keeps its variables: what the user chose to start from, above all. It is in a file
 * that belongs to one virtual machine, or ends with it.
 *
 * <p>The file gets each change before the guest sees that it is done, in as many bytes as the guest changed: whenever
 * the VMM is killed, the file is as the guest left it. It is on stable storage when this is closed. Nobody else may use
 * it meanwhile.
 */
public final class VariableStore implements NorFlash.Cells, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(VariableStore.class);

    /** No file. */
    private static final int NONE = -1;

    private final Mapping mapping;
    private final int fd;
    private final String path;
    private final IoVector vector = new IoVector(1);
    private final Mapping scratch;

    private VariableStore(byte[] contents, int fd, String path) {
        this.fd = fd;
        this.path = path;
        mapping = memory(contents.length);
        scratch = memory(NorFlash.BLOCK);
        MemorySegment.copy(contents, 0, mapping.segment(), JAVA_BYTE, 0, contents.length);
    }

    private static Mapping memory(long size) {
        Mapping memory = Mapping.reserve(size);
        memory.commit(0, size);
        return memory;
    }

    /** A store that is forgotten when it is closed. */
    public static VariableStore inMemory(byte[] template) {
        return new VariableStore(template, NONE, "");
    }

    /**
     * A store in a file, which is made from the template if it is not there.
     *
     * @param template of a multiple of {@link NorFlash#BLOCK} bytes, which is the size of any such file
     * @throws HostException if the file cannot be used
     */
    public static VariableStore inFile(Path file, byte[] template) {
        int fd = openLocked(file);
        try {
            if (FileStatus.of(fd).size() == 0) {
                int empty = fd;
                writeNew(file, template);
                fd = openLocked(file);
                FileIo.close(empty);
            }
            return new VariableStore(contents(file, fd, template.length), fd, file.toString());
        } catch (IOException e) {
            FileIo.close(fd);
            throw new HostException(
                    "The firmware's variables cannot be kept in " + file + ": " + reason(e)
                            + "; name another file with --firmware-vars.",
                    e);
        } catch (HostException e) {
            FileIo.close(fd);
            throw e;
        }
    }

    private static int openLocked(Path file) {
        String variables = "The file " + file + " with the firmware's variables ";
        try {
            if (Files.isDirectory(file)) {
                throw new HostException(variables + "is a directory: name a file with --firmware-vars.");
            }
            create(file);
        } catch (IOException e) {
            throw new HostException(
                    variables + "cannot be made: " + reason(e) + "; name another one with --firmware-vars.", e);
        }
        int fd = FileIo.open(file.toString(), true);
        if (fd < 0) {
            throw new HostException(variables + "cannot be opened for writing: " + Errno.describe(-fd)
                    + "; give this user the right to write it, or name another one with --firmware-vars.");
        }
        int result = FileLock.take(fd, true);
        // Another process may have put its new file in the place of the empty one that was opened here.
        boolean replaced =
                FileStatus.of(fd).inode() != FileStatus.of(file.toString()).inode();
        if (replaced || result == -Errno.EAGAIN || result == -Errno.EACCES) {
            FileIo.close(fd);
            throw new HostException(variables
                    + "is in use by another virtual machine: stop that, or name another file with --firmware-vars.");
        }
        if (result < 0) {
            log.warn(
                    "{}cannot be locked ({}): nothing keeps two virtual machines from writing it.",
                    variables,
                    Errno.describe(-result));
        }
        return fd;
    }

    private static void create(Path file) throws IOException {
        try {
            Files.createFile(file);
        } catch (FileAlreadyExistsException e) {
            return;
        } catch (NoSuchFileException e) {
            throw new IOException("there is no folder " + file.toAbsolutePath().getParent(), e);
        }
    }

    /** Never seen half written, whatever happens to the host. */
    private static void writeNew(Path file, byte[] template) throws IOException {
        Path fresh = file.resolveSibling(file.getFileName() + ".new");
        Files.write(fresh, template);
        try (FileChannel channel = FileChannel.open(fresh, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
        Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
    }

    private static byte[] contents(Path file, int fd, int size) throws IOException {
        long found = FileStatus.of(fd).size();
        if (found != size) {
            throw new HostException("The file " + file + " with the firmware's variables has " + found
                    + " bytes, and this firmware keeps them in " + size
                    + ": name the firmware that made the file with --firmware, or another file with --firmware-vars.");
        }
        return Files.readAllBytes(file);
    }

    private static String reason(IOException e) {
        String message = e.getMessage();
        return message == null ? e.toString() : message;
    }

    @Override
    public MemorySegment bytes() {
        return mapping.segment();
    }

    @Override
    public boolean put(int offset, byte[] values, int length) {
        if (fd != NONE) {
            MemorySegment.copy(values, 0, scratch.segment(), JAVA_BYTE, 0, length);
            int errno = write(offset, length);
            if (errno != 0) {
                log.warn("The firmware's variables cannot be kept in {}: {}.", path, Errno.describe(errno));
                return false;
            }
        }
        MemorySegment.copy(values, 0, mapping.segment(), JAVA_BYTE, offset, length);
        return true;
    }

    /** Writes what is in the scratch memory. Returns 0 or an error number. */
    private int write(int offset, int length) {
        for (int done = 0; done < length; ) {
            vector.clear();
            vector.add(scratch.address() + done, length - done);
            int count = FileIo.writev(fd, vector, (long) offset + done);
            if (count <= 0) {
                return count == 0 ? Errno.EIO : -count;
            }
            done += count;
        }
        return 0;
    }

    /** Gives the memory back, after the virtual machine that shows it. */
    @Override
    public void close() {
        if (fd != NONE) {
            int result = FileIo.fdatasync(fd);
            FileIo.close(fd);
            if (result < 0) {
                log.warn("The last changes to {} may be lost: {}.", path, Errno.describe(-result));
            }
        }
        scratch.close();
        mapping.close();
    }
}
