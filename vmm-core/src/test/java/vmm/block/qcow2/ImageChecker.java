package vmm.block.qcow2;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Says whether an image is consistent, as {@code qemu-img check} does, from the specification alone: it shares no code
 * with what it checks.
 */
final class ImageChecker {
    private static final long OFFSET = 0x00FF_FFFF_FFFF_FE00L;

    private final ByteBuffer image;
    private final int version;
    private final int clusterBits;
    private final long clusterSize;
    private final int refcountOrder;
    private final boolean extended;
    private final Map<Long, Integer> references = new TreeMap<>();
    private final List<String> errors = new ArrayList<>();
    private int leaks;

    private ImageChecker(byte[] bytes) {
        image = ByteBuffer.wrap(bytes);
        version = image.getInt(4);
        clusterBits = image.getInt(20);
        clusterSize = 1L << clusterBits;
        refcountOrder = version == 2 ? 4 : image.getInt(96);
        extended = version > 2 && (image.getLong(72) & 16) != 0;
    }

    /** What was found: errors in words, and how many clusters are lost. */
    record Verdict(List<String> errors, int leaks) {}

    static Verdict check(byte[] image) {
        ImageChecker checker = new ImageChecker(image);
        checker.run();
        return new Verdict(checker.errors, checker.leaks);
    }

    private void run() {
        if (version > 2 && (image.getLong(72) & 3) != 0) {
            errors.add("marked dirty or corrupt");
        }
        refer("header", 0, clusterSize);
        long l1Offset = image.getLong(40);
        int l1Size = image.getInt(36);
        long tableOffset = image.getLong(48);
        long tableSize = image.getInt(56) * clusterSize;
        refer("L1 table", l1Offset, 8L * l1Size);
        refer("refcount table", tableOffset, tableSize);
        for (long at = 0; at < tableSize; at += 8) {
            long block = word(tableOffset + at);
            if (block != 0) {
                refer("refcount block " + at / 8, block, clusterSize);
            }
        }
        walk(l1Offset, l1Size);
        long at = image.getLong(64);
        long start = at;
        List<long[]> others = new ArrayList<>();
        for (int i = 0; i < image.getInt(60); i++) {
            others.add(new long[] {image.getLong((int) at), image.getInt((int) at + 8)});
            long size =
                    40L + image.getInt((int) at + 36) + image.getShort((int) at + 12) + image.getShort((int) at + 14);
            at += (size + 7) & -8;
        }
        refer("snapshot table", start, at - start);
        for (long[] other : others) {
            refer("L1 table of a snapshot", other[0], 8 * other[1]);
            walk(other[0], (int) other[1]);
        }
        checkFlags(l1Offset, l1Size);
        compare();
    }

    private void walk(long l1Offset, int l1Size) {
        for (int i = 0; i < l1Size; i++) {
            long table = word(l1Offset + 8L * i) & OFFSET;
            if (table == 0) {
                continue;
            }
            refer("L2 table " + i, table, clusterSize);
            int step = extended ? 16 : 8;
            for (long at = 0; at < clusterSize; at += step) {
                long entry = word(table + at);
                String what = "L2 entry " + i + "/" + at / step;
                if ((entry & (1L << 62)) != 0) {
                    int shift = 62 - (clusterBits - 8);
                    long offset = entry & ((1L << shift) - 1);
                    long sectors = ((entry & ~(3L << 62)) >>> shift) + 1;
                    refer(what, offset, sectors * 512 - offset % 512);
                } else if ((entry & OFFSET) != 0) {
                    if ((entry & OFFSET) % clusterSize != 0) {
                        errors.add(what + " is not aligned");
                    }
                    refer(what, entry & OFFSET, clusterSize);
                }
                if (extended && overlaps(word(table + at + 8))) {
                    errors.add(what + " has subclusters that are both allocated and zero");
                }
            }
        }
    }

    private static boolean overlaps(long bitmap) {
        return (bitmap & (bitmap >>> 32) & 0xffff_ffffL) != 0;
    }

    private void checkFlags(long l1Offset, int l1Size) {
        for (int i = 0; i < l1Size; i++) {
            long entry = word(l1Offset + 8L * i);
            checkFlag("L1 entry " + i, entry);
            if ((entry & OFFSET) != 0) {
                for (long at = 0; at < clusterSize; at += extended ? 16 : 8) {
                    checkFlag("L2 entry " + i + "/" + at / 8, word((entry & OFFSET) + at));
                }
            }
        }
    }

    private void checkFlag(String what, long entry) {
        boolean compressed = (entry & (1L << 62)) != 0;
        if ((compressed || (entry & OFFSET) != 0) && (entry < 0) != (!compressed && refcount(entry & OFFSET) == 1)) {
            errors.add(what + " has the COPIED flag wrong: " + Long.toHexString(entry));
        }
    }

    private void refer(String what, long offset, long length) {
        if (length > 0 && (offset < 0 || offset >= image.limit())) {
            errors.add(what + " is beyond the end of the file: " + offset);
            return;
        }
        for (long cluster = offset >>> clusterBits; cluster << clusterBits < offset + length; cluster++) {
            references.merge(cluster, 1, Integer::sum);
        }
    }

    private long word(long offset) {
        return offset >= 0 && offset + 8 <= image.limit() ? image.getLong((int) offset) : 0;
    }

    private long refcount(long offset) {
        long cluster = offset >>> clusterBits;
        long perBlock = (clusterSize * 8) >> refcountOrder;
        if (cluster / perBlock >= image.getInt(56) * clusterSize / 8) {
            return 0;
        }
        long block = word(image.getLong(48) + (cluster / perBlock) * 8);
        if (block == 0) {
            return 0;
        }
        long bit = (cluster % perBlock) << refcountOrder;
        long at = block + bit / 8;
        return switch (refcountOrder) {
            case 0, 1, 2 -> (image.get((int) at) >>> (bit % 8)) & ((1 << (1 << refcountOrder)) - 1);
            case 3 -> image.get((int) at) & 0xff;
            case 4 -> image.getShort((int) at) & 0xffff;
            case 5 -> image.getInt((int) at) & 0xffff_ffffL;
            default -> image.getLong((int) at);
        };
    }

    private void compare() {
        long clusters = (image.limit() + clusterSize - 1) >>> clusterBits;
        for (long cluster = 0; cluster < clusters; cluster++) {
            long told = refcount(cluster << clusterBits);
            long found = references.getOrDefault(cluster, 0);
            if (told < found) {
                errors.add("cluster " + cluster + " has refcount " + told + " and " + found + " references");
            } else if (told > found) {
                leaks++;
            }
        }
    }
}
