package vmm.guests;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * A disk of 1 MiB with a FAT12 file system on all of it, which has one file: {@code \EFI\BOOT\BOOTX64.EFI}, what UEFI
 * firmware starts from a medium that it does not know.
 */
final class FatDisk {
    private static final int SECTOR = 512;
    private static final int SECTORS = 2048;
    private static final int FAT_START = SECTOR;
    private static final int FAT_SECTORS = 6;
    private static final int ROOT_START = FAT_START + FAT_SECTORS * SECTOR;
    private static final int ROOT_ENTRIES = 16;
    private static final int DATA_START = ROOT_START + ROOT_ENTRIES * 32;

    /** The first cluster, of one sector each. */
    private static final int FIRST_CLUSTER = 2;

    private static final int END_OF_CHAIN = 0xfff;
    private static final int FIXED_DISK = 0xf8;
    private static final int DIRECTORY = 0x10;

    private final ByteBuffer disk = ByteBuffer.allocate(SECTORS * SECTOR).order(ByteOrder.LITTLE_ENDIAN);

    private FatDisk() {}

    static byte[] startingWith(byte[] application) {
        FatDisk disk = new FatDisk();
        disk.format();
        int outer = FIRST_CLUSTER;
        int inner = outer + 1;
        int file = inner + 1;
        disk.entry(ROOT_START, "EFI", DIRECTORY, outer, 0);
        disk.directory(outer, 0);
        disk.entry(at(outer) + 64, "BOOT", DIRECTORY, inner, 0);
        disk.directory(inner, outer);
        disk.entry(at(inner) + 64, "BOOTX64 EFI", 0, file, application.length);
        disk.disk.position(at(file)).put(application);
        int clusters = (application.length + SECTOR - 1) / SECTOR;
        for (int i = 0; i < clusters; i++) {
            disk.link(file + i, i == clusters - 1 ? END_OF_CHAIN : file + i + 1);
        }
        return disk.disk.array();
    }

    private static int at(int cluster) {
        return DATA_START + (cluster - FIRST_CLUSTER) * SECTOR;
    }

    private void format() {
        disk.put(new byte[] {(byte) 0xeb, 0x3c, (byte) 0x90}).put(ascii("VMM", 8));
        disk.putShort((short) SECTOR)
                .put((byte) 1) // sectors of a cluster
                .putShort((short) 1) // sectors before the table
                .put((byte) 1) // tables
                .putShort((short) ROOT_ENTRIES)
                .putShort((short) SECTORS)
                .put((byte) FIXED_DISK)
                .putShort((short) FAT_SECTORS)
                .putShort((short) 32) // sectors of a track
                .putShort((short) 4); // heads
        disk.put(36, (byte) 0x80)
                .put(38, (byte) 0x29)
                .put(43, ascii("NO NAME", 11))
                .put(54, ascii("FAT12", 8));
        disk.putShort(SECTOR - 2, (short) 0xaa55);
        link(0, 0xf00 | FIXED_DISK);
        link(1, END_OF_CHAIN);
    }

    private void directory(int cluster, int parent) {
        link(cluster, END_OF_CHAIN);
        entry(at(cluster), ".", DIRECTORY, cluster, 0);
        entry(at(cluster) + 32, "..", DIRECTORY, parent, 0);
    }

    private void entry(int position, String name, int attributes, int cluster, int size) {
        disk.position(position).put(ascii(name, 11)).put((byte) attributes);
        disk.putShort(position + 26, (short) cluster).putInt(position + 28, size);
    }

    /** Entries of the table have 12 bits. */
    private void link(int cluster, int next) {
        int position = FAT_START + cluster * 3 / 2;
        int both = disk.getShort(position) & 0xffff;
        disk.putShort(position, (short) (cluster % 2 == 0 ? (both & 0xf000) | next : (both & 0xf) | (next << 4)));
    }

    private static byte[] ascii(String text, int length) {
        return (text + " ".repeat(length - text.length())).getBytes(StandardCharsets.US_ASCII);
    }
}
