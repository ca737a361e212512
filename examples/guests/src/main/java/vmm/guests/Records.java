package vmm.guests;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What {@link BuiltinGuest#LOAD} writes with {@code rw=records}, so that a disk can be searched for it.
 *
 * <p>Record n goes to a pseudo-random block. Each 512 bytes of it hold, little-endian: {@code vmmrecrd}, n, the block's
 * number, the part's number within the block, a check value of these, and words that follow from the check value.
 *
 * @param seed the guest's {@code seed=}
 * @param blockSize its {@code bs=}
 * @param blocks how many blocks of this size the disk has
 */
public record Records(long seed, int blockSize, long blocks) {
    private static final long MAGIC = 0x64726365726d6d76L;
    private static final int PART = 512;
    private static final int HEADER_WORDS = 5;
    private static final String PROMISED = "promised ";

    /** The last record that the guest has promised; 0 if it has promised none. */
    public long promised(List<String> console) {
        long last = 0;
        for (String line : console) {
            if (line.startsWith(PROMISED)) {
                last = Long.parseLong(line.substring(PROMISED.length()));
            }
        }
        return last;
    }

    /** The block of a record. */
    public long block(long sequence) {
        return Math.unsignedMultiplyHigh(mix(mix(seed + 1) + sequence), blocks);
    }

    /**
     * Looks for records in a raw image.
     *
     * @param promised the last record that has to be there, itself or hidden by a later one of the same block
     * @return a sentence for each part of a block that holds neither
     */
    public List<String> missing(Path image, long promised) throws IOException {
        Map<Long, Long> lastOfBlock = new HashMap<>();
        for (long sequence = 1; sequence <= promised; sequence++) {
            lastOfBlock.put(block(sequence), sequence);
        }
        List<String> missing = new ArrayList<>();
        ByteBuffer bytes = ByteBuffer.allocate(blockSize).order(ByteOrder.LITTLE_ENDIAN);
        try (FileChannel file = FileChannel.open(image)) {
            for (Map.Entry<Long, Long> expected : lastOfBlock.entrySet()) {
                long block = expected.getKey();
                read(file, bytes.clear(), block * blockSize);
                for (int part = 0; part < blockSize / PART; part++) {
                    long found = sequence(bytes.slice(part * PART, PART).order(ByteOrder.LITTLE_ENDIAN), block, part);
                    if (found < expected.getValue()) {
                        missing.add("Part " + part + " of block " + block + " holds "
                                + (found == 0 ? "no record" : "record " + found) + ", not record "
                                + expected.getValue() + ".");
                    }
                }
            }
        }
        return missing;
    }

    /**
     * Looks for what is neither a record in its place nor zeros.
     *
     * @param image a raw image that was all zeros
     * @return a sentence for each such part of a block
     */
    public List<String> strangers(Path image) throws IOException {
        List<String> strangers = new ArrayList<>();
        ByteBuffer bytes = ByteBuffer.allocate(blockSize).order(ByteOrder.LITTLE_ENDIAN);
        ByteBuffer zeros = ByteBuffer.allocate(PART);
        try (FileChannel file = FileChannel.open(image)) {
            for (long block = 0; block < blocks; block++) {
                read(file, bytes.clear(), block * blockSize);
                for (int part = 0; part < blockSize / PART; part++) {
                    ByteBuffer slice = bytes.slice(part * PART, PART).order(ByteOrder.LITTLE_ENDIAN);
                    if (!slice.equals(zeros) && sequence(slice, block, part) == 0) {
                        strangers.add("Part " + part + " of block " + block + " holds what nobody wrote there.");
                    }
                }
            }
        }
        return strangers;
    }

    /** Bytes behind the end of the file are zeros. */
    private static void read(FileChannel file, ByteBuffer to, long offset) throws IOException {
        while (to.hasRemaining()) {
            if (file.read(to, offset + to.position()) < 0) {
                while (to.hasRemaining()) {
                    to.put((byte) 0);
                }
            }
        }
    }

    /** The number of the record that a part is of; 0 if it is not of a record of this block. */
    private static long sequence(ByteBuffer part, long block, int index) {
        long sequence = part.getLong(8);
        long check = mix(mix(mix(sequence) + block) + index);
        boolean whole = part.getLong(0) == MAGIC
                && part.getLong(16) == block
                && part.getLong(24) == index
                && part.getLong(32) == check;
        for (int i = HEADER_WORDS; whole && i < PART / Long.BYTES; i++) {
            whole = part.getLong(i * Long.BYTES) == mix(check + i);
        }
        return whole ? sequence : 0;
    }

    /** The guest's mix(). */
    private static long mix(long value) {
        value = (value ^ value >>> 30) * 0xbf58476d1ce4e5b9L;
        value = (value ^ value >>> 27) * 0x94d049bb133111ebL;
        return value ^ value >>> 31;
    }
}
