package vmm.guests;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A boot sector that comes with the VMM, for a BIOS to start: it prints {@code Started from drive 80: TEXT}, where the
 * number is the BIOS's and the text that of the next sector, on the first serial port, and leaves through the debug
 * exit port with {@link BuiltinGuest#SUCCESS}.
 */
public final class BootSector {
    private static final String FILE = "boot-sector.bin";
    private static final int SECTOR = 512;

    private BootSector() {}

    /** The sector, {@value #SECTOR} bytes. */
    public static byte[] bytes() {
        try (InputStream file = BootSector.class.getResourceAsStream(FILE)) {
            if (file == null) {
                throw new IllegalStateException("The guest " + FILE + " is missing from this build.");
            }
            return file.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * A disk that starts with the sector.
     *
     * @param text what it prints, ASCII, at most 511 characters
     * @param size of the disk in bytes, at least 1024
     */
    public static byte[] disk(String text, int size) {
        byte[] label = text.getBytes(StandardCharsets.US_ASCII);
        if (label.length >= SECTOR) {
            throw new IllegalArgumentException("The text does not fit into a sector.");
        }
        byte[] disk = Arrays.copyOf(bytes(), size);
        System.arraycopy(label, 0, disk, SECTOR, label.length);
        return disk;
    }
}
