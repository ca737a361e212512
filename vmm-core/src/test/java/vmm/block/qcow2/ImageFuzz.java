package vmm.block.qcow2;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import vmm.block.BlockQueue;
import vmm.block.BlockRequest.Operation;
import vmm.block.TestRequest;
import vmm.event.SteppedEventLoop;
import vmm.fuzz.SeededInputs;
import vmm.linux.HostException;

/** Images that somebody has tampered with: before they are opened, and while they are in use. */
class ImageFuzz {
    private static final int SECTOR = 512;
    private static final int MOST_REQUESTS = 60;
    private static final int MOST_PATCHES = 20;

    /** What guests write; no structure of an image looks like it. */
    private static final byte GUEST_DATA = (byte) 0xd7;

    @FuzzTest
    void aDamagedImageIsRefusedOrHarmsOnlyItsGuest(FuzzedDataProvider data) {
        byte[] image = image(data);
        RecordingFile file = new RecordingFile(image);
        Qcow2Disk disk;
        try {
            disk = Qcow2Disk.open(Images.options(Path.of("fuzzed"), data.consumeInt(0, 3) == 0), file, List.of());
        } catch (HostException e) {
            String sentence = String.valueOf(e.getMessage());
            assertTrue(sentence.startsWith("Disk ") && !sentence.contains("null"), sentence);
            assertTrue(file.closed(), "the file stays open");
            return;
        }
        use(disk, file, data);
        try {
            disk.close();
        } catch (HostException e) {
            assertTrue(String.valueOf(e.getMessage()).startsWith("Disk "), e.getMessage());
        }
        assertTrue(file.closed(), "the file stays open");
        assertStructuresKept(image, file.content());
    }

    /** A sound image, perhaps one that was used before, with some of its numbers changed. */
    private static byte[] image(FuzzedDataProvider data) {
        int version = data.consumeInt(2, 3);
        int order = version == 2 ? 4 : data.consumeInt(0, 6);
        boolean extended = version == 3 && data.consumeInt(0, 3) == 0;
        int clusterBits = extended ? 14 : data.consumeInt(9, 12);
        BlankImage blank = new BlankImage(version, clusterBits, order, extended, data.consumeInt(1, 512) * 512L, "");
        byte[] image = data.consumeBoolean() ? used(blank.bytes(), data) : blank.bytes();
        ByteBuffer bytes = ByteBuffer.wrap(image);
        int patches = data.consumeInt(0, MOST_PATCHES);
        for (int i = 0; i < patches; i++) {
            patch(bytes, 1 << clusterBits, data);
        }
        return data.consumeInt(0, 9) == 0 ? Arrays.copyOf(image, data.consumeInt(0, image.length)) : image;
    }

    /** Writes here and there, so that there are tables of all kinds. */
    private static byte[] used(byte[] image, FuzzedDataProvider data) {
        RecordingFile file = new RecordingFile(image);
        Qcow2Disk disk = Qcow2Disk.open(Images.options(Path.of("fuzzed"), false), file, List.of());
        int writes = data.consumeInt(1, 4);
        for (int i = 0; i < writes; i++) {
            Images.write(disk, data.consumeInt(0, (int) (disk.size() / SECTOR) - 1) * (long) SECTOR, sectors(1));
        }
        disk.close();
        return file.content();
    }

    private static byte[] sectors(int count) {
        byte[] bytes = new byte[count * SECTOR];
        Arrays.fill(bytes, GUEST_DATA);
        return bytes;
    }

    /** Changes a field of the header, an entry of some table, or anything. */
    private static void patch(ByteBuffer image, int clusterSize, FuzzedDataProvider data) {
        int at = switch (data.consumeInt(0, 3)) {
            case 0 -> 4 * data.consumeInt(0, 30);
            case 1 -> 8 * data.consumeInt(0, image.limit() / 8 - 1);
            case 2 -> data.consumeInt(1, Math.max(1, image.limit() / clusterSize - 1)) * clusterSize;
            default -> data.consumeInt(0, image.limit() - 1);
        };
        at = Math.min(at, image.limit() - 8) & (data.consumeBoolean() ? -8 : -1);
        switch (data.consumeInt(0, 5)) {
            case 0 -> image.put(at, data.consumeByte());
            case 1 -> image.putInt(at, data.consumeInt());
            case 2 -> image.putLong(at, data.consumeLong());
            case 3 -> image.putLong(at, data.consumeInt(0, 64) * (long) clusterSize);
            // An entry of a table: a cluster, with any of its flags.
            case 4 -> image.putLong(at, (long) data.consumeByte() << 56 | data.consumeInt(0, 64) * (long) clusterSize);
            default -> image.put(at, (byte) (image.get(at) ^ 1 << data.consumeInt(0, 7)));
        }
    }

    private static void use(Qcow2Disk disk, RecordingFile file, FuzzedDataProvider data) {
        SteppedEventLoop loop = new SteppedEventLoop();
        List<BlockQueue> queues = List.of(disk.openQueue(loop), disk.openQueue(loop));
        List<TestRequest> asked = new ArrayList<>();
        Random order = new Random(data.consumeInt());
        file.failEvery(data.consumeInt(0, 5) == 0 ? data.consumeInt(2, 20) : 0);
        for (int i = 0; i < MOST_REQUESTS && data.remainingBytes() > 0; i++) {
            if (data.consumeBoolean()) {
                file.hold();
            } else {
                file.release(order);
            }
            TestRequest request = request(disk.size(), data);
            asked.add(request);
            queues.get(data.consumeInt(0, 1)).submit(request);
            loop.runUntilIdle();
        }
        file.release(order);
        loop.runUntilIdle();
        for (TestRequest request : asked) {
            assertTrue(request.errno >= 0, request.operation() + " was not answered");
        }
        loop.close();
    }

    private static TestRequest request(long size, FuzzedDataProvider data) {
        long sectors = size / SECTOR;
        // Near the beginning, where the tables of the image are, or anywhere.
        long last = data.consumeBoolean() ? Math.min(sectors, 512) - 1 : sectors - 1;
        long first = data.consumeLong(0, last);
        int count = (int) Math.min(sectors - first, data.consumeInt(1, 64));
        Operation[] operations = Operation.values();
        Operation operation = operations[data.consumeInt(0, operations.length - 1)];
        return switch (operation) {
            case READ -> TestRequest.read(first * SECTOR, (long) count * SECTOR);
            case WRITE -> TestRequest.write(first * SECTOR, sectors(count));
            case FLUSH -> TestRequest.flush();
            case DISCARD, WRITE_ZEROES ->
                TestRequest.range(
                        operation,
                        first * SECTOR,
                        Math.min(sectors - first, data.consumeInt(1, 1000)) * SECTOR,
                        data.consumeBoolean());
        };
    }

    /** No guest's data is where the header says that the image keeps its header and its two root tables. */
    private static void assertStructuresKept(byte[] before, byte[] after) {
        ByteBuffer header = ByteBuffer.wrap(before);
        assertEquals(header.getInt(0), ByteBuffer.wrap(after).getInt(0), "the header's magic number");
        assertNoData(after, 0, "the header");
        assertNoData(after, header.getLong(40), "the L1 table");
        assertNoData(after, header.getLong(48), "the refcount table");
    }

    private static void assertNoData(byte[] image, long offset, String what) {
        if (offset < 0 || offset > image.length - SECTOR) {
            return;
        }
        byte[] first = Arrays.copyOfRange(image, (int) offset, (int) offset + SECTOR);
        assertTrue(!Arrays.equals(sectors(1), first), "a guest has written over " + what);
    }

    @Test
    void seededInputs() {
        SeededInputs.run(ImageFuzz.class, 800, this::aDamagedImageIsRefusedOrHarmsOnlyItsGuest);
    }
}
