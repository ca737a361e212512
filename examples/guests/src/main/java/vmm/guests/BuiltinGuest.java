package vmm.guests;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A guest that comes with the VMM: a 64-bit ELF file of a few KiB with a PVH entry point, that talks on the first
 * serial port and leaves through the debug exit port (0xF4).
 *
 * <p>A guest that reaches its end writes {@link #SUCCESS} there, which makes the VMM's exit status
 * {@link #SUCCESS_STATUS}.
 */
public enum BuiltinGuest {
    /**
     * Lists the functions of PCI bus 0 and reads the first and the last block of every disk on a virtio-blk or
     * virtio-scsi function, by polling. Prints each function, each disk with its serial number and size, and each
     * block's number, CRC-32 and first 16 bytes; then one last line that starts with {@code Finished:} or
     * {@code Failed:}.
     *
     * <p>BARs must have their addresses, of 32 or 64 bits. Failures end with other values at the debug exit port, the
     * first one counts: 0x11 no disk, 0x12 no registers found, 0x13 VERSION_1 refused, 0x14 no queue, 0x15 no answer in
     * time, 0x16 a request failed. Without that port the guest powers the machine off (PIIX4), or resets it, or halts.
     */
    DISKS("disks"),

    /** Prints {@code V} as its first act and leaves. */
    FIRST_BYTE("first-byte"),

    /** Prints {@code >}, then sends back what it receives, up to and including a {@code q}, and leaves. */
    ECHO("echo"),

    /** Prints {@code R} and resets the machine through the reset control register (0xCF9). */
    RESET("reset"),

    /** Prints {@code T} and shuts the processor down by a triple fault. */
    TRIPLE_FAULT("triple-fault"),

    /** Prints {@code U} and runs into an instruction that KVM cannot emulate, since nothing is at its address. */
    UNEMULATED("unemulated");

    /** What a guest writes to the debug exit port after a good run. */
    public static final int SUCCESS = 0x10;

    /** The VMM's exit status after a good run. */
    public static final int SUCCESS_STATUS = (SUCCESS << 1) | 1;

    private final String fileName;

    BuiltinGuest(String name) {
        this.fileName = name + ".elf";
    }

    /** The file's name. */
    public String fileName() {
        return fileName;
    }

    /** The file's contents. */
    public byte[] bytes() {
        try (InputStream file = BuiltinGuest.class.getResourceAsStream(fileName)) {
            if (file == null) {
                throw new IllegalStateException("The guest " + fileName + " is missing from this build.");
            }
            return file.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Writes the file into a directory, under its own name.
     *
     * @return the file
     */
    public Path extract(Path directory) throws IOException {
        return Files.write(directory.resolve(fileName), bytes());
    }
}
