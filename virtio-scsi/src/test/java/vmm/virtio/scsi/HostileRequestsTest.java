package vmm.virtio.scsi;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;
import vmm.block.FakeDisk;
import vmm.memory.GuestMemory;
import vmm.scsi.DiskIdentity;
import vmm.scsi.ScsiBus;
import vmm.scsi.block.DiskGeometry;
import vmm.scsi.block.ScsiDisk;
import vmm.scsi.primary.PrimaryUnits;
import vmm.virtio.driver.MockQueue;

/**
 * A driver that fills its requests with anything: what it did not make writable stays as it was, every request comes
 * back once or the device says that it needs a reset, and after a reset it works again.
 */
class HostileRequestsTest {
    private static final int AREA = 8192;
    private static final int[] OPERATION_CODES = {0x00, 0x03, 0x08, 0x0a, 0x12, 0x1a, 0x1b, 0x28, 0x2a, 0x88, 0x9e, 0xa0
    };

    private final Random random = new Random(3);
    private final ScsiBus bus = new ScsiBus(PrimaryUnits.SHARED);
    private final FakeDisk medium = new FakeDisk(1 << 18);

    @Test
    void randomRequestsHarmNobodyElse() {
        bus.attach(0, 0, new ScsiDisk(medium, DiskIdentity.DEFAULT, DiskGeometry.DEFAULT, true));
        try (Driver driver = new Driver(bus)) {
            int broken = 0;
            int answered = 0;
            long readableArea = driver.driver.allocate(AREA, 8);
            long writableArea = driver.driver.allocate(AREA, 8);
            for (int i = 0; i < 4000; i++) {
                boolean ok = one(driver, readableArea, writableArea);
                answered += ok ? 1 : 0;
                if (driver.driver.broken() != null) {
                    assertTrue(!ok);
                    broken++;
                    driver.restart();
                    assertEquals(
                            Response.OK, driver.read("12 00 00 00 24 00", 36).code());
                }
            }
            assertTrue(broken > 10 && answered > 1000, broken + " times broken, " + answered + " requests answered");
        }
    }

    private boolean one(Driver driver, long readableArea, long writableArea) {
        GuestMemory memory = driver.memory;
        byte[] readable = new byte[AREA];
        random.nextBytes(readable);
        boolean toControl = random.nextInt(4) == 0;
        if (toControl) {
            shapeFunction(readable);
        } else {
            shapeRequest(readable);
        }
        memory.write(readableArea, readable);
        byte[] writable = new byte[AREA];
        random.nextBytes(writable);
        memory.write(writableArea, writable);

        MockQueue queue = toControl ? driver.control : driver.requests;
        int readableSize = gather(queue, readableArea, true, toControl ? 24 : Driver.HEADER);
        int writableSize = gather(queue, writableArea, false, toControl ? 1 : Driver.FIXED);
        if (readableSize + writableSize == 0) {
            queue.writable(writableArea, 0);
        }
        int head = queue.offer();
        queue.kick();
        driver.loop.runUntilIdle();

        byte[] after = new byte[AREA];
        memory.read(readableArea, after, 0, AREA);
        assertArrayEquals(readable, after);
        memory.read(writableArea, after, 0, AREA);
        for (int i = writableSize; i < AREA; i++) {
            assertEquals(writable[i], after[i]);
        }
        boolean answered = queue.collect();
        if (answered) {
            assertEquals(head, queue.usedHead());
            assertTrue(queue.usedLength() <= writableSize);
        } else {
            assertTrue(driver.driver.broken() != null);
        }
        return answered;
    }

    /** Adds one to three buffers of mostly usual, sometimes unusual sizes. */
    private int gather(MockQueue queue, long area, boolean readable, int usual) {
        int size = 0;
        int pieces = random.nextInt(8) == 0 ? 0 : 1 + random.nextInt(3);
        for (int i = 0; i < pieces; i++) {
            int piece = i == 0 && random.nextInt(8) != 0 ? usual : random.nextInt(2000);
            if (i > 0 && readable && random.nextInt(2) == 0) {
                piece = 0;
            }
            if (readable) {
                queue.readable(area + size, piece);
            } else {
                queue.writable(area + size, piece);
            }
            size += piece;
        }
        return size;
    }

    private void shapeRequest(byte[] bytes) {
        if (random.nextInt(8) != 0) {
            System.arraycopy(Driver.lun(0, 0), 0, bytes, 0, 8);
        }
        if (random.nextInt(8) != 0) {
            bytes[19] = (byte) OPERATION_CODES[random.nextInt(OPERATION_CODES.length)];
        }
        for (int i = 20; i < 35; i++) {
            if (random.nextInt(3) != 0) {
                bytes[i] = (byte) random.nextInt(3);
            }
        }
    }

    private void shapeFunction(byte[] bytes) {
        for (int i = 0; i < 8; i++) {
            bytes[i] =
                    (byte) (i % 4 == 0 && random.nextInt(8) != 0 ? random.nextInt(9) : random.nextInt(16) == 0 ? 1 : 0);
        }
        if (random.nextInt(8) != 0) {
            System.arraycopy(Driver.lun(0, 0), 0, bytes, 8, 8);
        }
    }

    @Test
    void aHostileDriverDoesNotReachTheDiskBeyondItsRequests() {
        byte[] before = medium.content().toArray(JAVA_BYTE);
        bus.attach(0, 0, new ScsiDisk(medium, DiskIdentity.DEFAULT, DiskGeometry.DEFAULT, true));
        try (Driver driver = new Driver(bus)) {
            driver.settle();
            // Every write of more blocks than it sends data for
            for (int count = 2; count < 65536; count = count * 3) {
                String length = String.format("%02x %02x", count >> 8, count & 0xff);
                Driver.Request request = driver.send(0, 0, "2a 00 00 00 00 00 00 " + length + " 00", new byte[512], 0);
                assertTrue(request.code() == Response.OVERRUN || request.status() == 2);
            }
        }
        assertArrayEquals(before, medium.content().toArray(JAVA_BYTE));
    }
}
