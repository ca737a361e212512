package vmm.launcher;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Random;
import java.util.zip.CRC32;

/** A disk of the demonstration, full of bytes that no other disk has. */
final class DemoDisk {
    private static final int SECTOR = 512;

    private final Path image;
    private final String bus;
    private final String serial;
    private final byte[] content;

    private DemoDisk(Path image, String bus, String serial, byte[] content) {
        this.image = image;
        this.bus = bus;
        this.serial = serial;
        this.content = content;
    }

    /** Its serial number. */
    String serial() {
        return serial;
    }

    /** Writes a raw image of pseudo-random bytes, for the bus {@code scsi} or {@code virtio}. */
    static DemoDisk create(Path folder, String bus, String serial, int mebibytes) throws IOException {
        byte[] content = new byte[mebibytes << 20];
        new Random(serial.hashCode()).nextBytes(content);
        return new DemoDisk(Files.write(folder.resolve(serial + ".img"), content), bus, serial, content);
    }

    /** The value of {@code --disk}. */
    String option() {
        return "file=" + image.toString().replace(",", ",,") + ",bus=" + bus + ",serial=" + serial + ",readonly";
    }

    /** The CRC-32 of its first sector. */
    String firstCrc() {
        return crc(0);
    }

    /** The CRC-32 of its last sector. */
    String lastCrc() {
        return crc(content.length - SECTOR);
    }

    private String crc(int offset) {
        CRC32 crc = new CRC32();
        crc.update(content, offset, SECTOR);
        return "%08x".formatted(crc.getValue());
    }

    String sha256() {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
