package vmm.guests;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A boot sector that comes with the VMM, for a BIOS to start. It talks on the first serial port, reaches its disk
 * through the BIOS, and leaves through the debug exit port with {@link BuiltinGuest#SUCCESS}.
 */
public enum BootSector {
    /**
     * Prints {@code Started from drive 80: TEXT}, where the number is the BIOS's and the text that of the next sector.
     */
    TEXT("text"),

    /**
     * Adds one to the first byte of the next sector and to a byte of the clock's memory and prints both, as
     * {@code Start 01 01}. Then it resets the machine: the first time by the reset control register, then by the
     * keyboard controller, by the system control port and by a triple fault. The fifth time it leaves.
     */
    RESETS("resets");

    private static final int SECTOR = 512;

    private final String fileName;

    BootSector(String name) {
        this.fileName = "boot-" + name + ".bin";
    }

    /** The file's name. */
    public String fileName() {
        return fileName;
    }

    /** The sector, {@value #SECTOR} bytes. */
    public byte[] bytes() {
        return GuestFile.read(fileName);
    }

    /**
     * A disk that starts with the sector.
     *
     * @param text what its next sector holds, ASCII, at most 511 characters
     * @param size of the disk in bytes, at least 1024
     */
    public byte[] disk(String text, int size) {
        byte[] next = text.getBytes(StandardCharsets.US_ASCII);
        if (next.length >= SECTOR) {
            throw new IllegalArgumentException("The text does not fit into a sector.");
        }
        byte[] disk = Arrays.copyOf(bytes(), size);
        ByteBuffer.wrap(disk).put(SECTOR, next);
        return disk;
    }
}
