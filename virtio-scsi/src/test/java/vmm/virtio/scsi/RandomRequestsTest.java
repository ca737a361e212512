package vmm.virtio.scsi;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;
import vmm.block.FakeDisk;
import vmm.scsi.DiskIdentity;
import vmm.scsi.ScsiBus;
import vmm.scsi.block.DiskGeometry;
import vmm.scsi.block.ScsiDisk;
import vmm.scsi.primary.PrimaryUnits;
import vmm.virtio.Features;
import vmm.virtio.driver.MockQueue;

/** Requests of every kind at once, against what they should do. */
@ParameterizedClass(name = "rings {0}")
@ValueSource(longs = {0, Features.RING_PACKED, Features.RING_PACKED | Features.IN_ORDER})
class RandomRequestsTest {
    private static final int SIZE = 256 * 1024;
    private static final int BLOCKS = SIZE / 512;

    /** A request in flight, and what a read should bring. */
    private record Expectation(Driver.Request request, boolean write, List<Byte> content) {}

    private final long rings;
    private final Random random = new Random(5);
    private final FakeDisk[] media = {new FakeDisk(SIZE), new FakeDisk(SIZE), new FakeDisk(SIZE)};
    private final byte[][] models = new byte[media.length][SIZE];
    private final int[][] addresses = {{0, 0}, {0, 1}, {7, 4000}};
    private final boolean[][] busy = new boolean[media.length][BLOCKS];
    private final ScsiBus bus = new ScsiBus(PrimaryUnits.SHARED);

    /** Runs with these features of the rings. */
    RandomRequestsTest(long rings) {
        this.rings = rings;
    }

    @Test
    void readsAndWritesInAnyOrderAgreeWithAModel() {
        for (int i = 0; i < media.length; i++) {
            bus.attach(
                    addresses[i][0],
                    addresses[i][1],
                    new ScsiDisk(media[i], DiskIdentity.DEFAULT, DiskGeometry.DEFAULT, true));
        }
        for (int round = 0; round < 60; round++) {
            try (Driver driver = new Driver(bus, rings)) {
                for (int[] address : addresses) {
                    driver.send(address[0], address[1], "03 00 00 00 12 00", new byte[0], 18);
                }
                round(driver);
            }
        }
        for (int i = 0; i < media.length; i++) {
            assertArrayEquals(models[i], media[i].content().toArray(JAVA_BYTE));
        }
    }

    /** Some requests to blocks that do not overlap, of which all may be in flight at once. */
    private void round(Driver driver) {
        for (FakeDisk medium : media) {
            medium.hold();
        }
        for (boolean[] row : busy) {
            Arrays.fill(row, false);
        }
        List<Expectation> expectations = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            expectations.add(offer(driver));
        }
        driver.run();
        for (int i = 0; i < 40; i++) {
            FakeDisk medium = media[random.nextInt(media.length)];
            boolean last = random.nextBoolean();
            driver.loop.post(() -> {
                boolean released = last ? medium.releaseLast() : medium.releaseOne();
                assertTrue(released || medium.held() == 0);
            });
            driver.run();
        }
        for (FakeDisk medium : media) {
            driver.loop.post(medium::release);
        }
        driver.run();
        for (Expectation expected : expectations) {
            Driver.Request request = expected.request;
            assertTrue(request.ended());
            assertEquals(Response.OK, request.code());
            assertEquals(0, request.status(), request::sense);
            assertEquals(0, request.residual());
            if (!expected.write) {
                List<Byte> data = new ArrayList<>();
                for (byte b : request.data()) {
                    data.add(b);
                }
                assertEquals(expected.content, data);
            }
        }
    }

    private Expectation offer(Driver driver) {
        int disk = random.nextInt(media.length);
        int count = 1 + random.nextInt(8);
        int lba = random.nextInt(BLOCKS - count + 1);
        while (overlaps(disk, lba, count)) {
            lba = random.nextInt(BLOCKS - count + 1);
        }
        Arrays.fill(busy[disk], lba, lba + count, true);
        boolean write = random.nextBoolean();
        HexFormat hex = HexFormat.of();
        String cdb = (write ? "2a" : "28")
                + (random.nextInt(4) == 0 ? "08" : "00")
                + hex.toHexDigits(lba)
                + "00"
                + hex.toHexDigits((short) count)
                + "00";
        byte[] header = Driver.header(
                Driver.lun(addresses[disk][0], addresses[disk][1]),
                random.nextLong(),
                random.nextInt(3),
                String.join(" ", cdb.split("(?<=\\G..)")));
        byte[] data = new byte[write ? count * 512 : 0];
        random.nextBytes(data);
        List<Byte> before = new ArrayList<>();
        for (int i = lba * 512; i < (lba + count) * 512; i++) {
            before.add(models[disk][i]);
        }
        System.arraycopy(data, 0, models[disk], lba * 512, data.length);
        MockQueue queue = random.nextBoolean() ? driver.requests : driver.moreRequests;
        return new Expectation(driver.offer(queue, header, data, write ? 0 : count * 512), write, before);
    }

    private boolean overlaps(int disk, int lba, int count) {
        for (int block = lba; block < lba + count; block++) {
            if (busy[disk][block]) {
                return true;
            }
        }
        return false;
    }
}
