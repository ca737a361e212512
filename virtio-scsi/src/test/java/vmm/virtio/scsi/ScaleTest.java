package vmm.virtio.scsi;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import vmm.block.FakeDisk;
import vmm.block.NullDisk;
import vmm.scsi.DiskIdentity;
import vmm.scsi.LogicalUnit;
import vmm.scsi.LunAddress;
import vmm.scsi.ScsiBus;
import vmm.scsi.block.DiskGeometry;
import vmm.scsi.block.ScsiDisk;
import vmm.scsi.primary.PrimaryUnits;

/** As many targets and logical units as there can be. */
class ScaleTest {
    private static final int MILLION = 1_000_000;
    private static final int TARGETS = 64;
    private static final int LUNS = MILLION / TARGETS;
    private static final String READ_ONE_BLOCK = "28 00 00 00 00 03 00 00 01 00";

    private final NullDisk nothing = new NullDisk("null:1G", 1L << 30, false);

    private LogicalUnit unit(int target, int lun) {
        DiskIdentity identity = DiskIdentity.DEFAULT.withSerial("many-" + target + "-" + lun);
        return new ScsiDisk(nothing, identity, DiskGeometry.DEFAULT, true);
    }

    private static long heap() {
        for (int i = 0; i < 3; i++) {
            System.gc();
        }
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }

    @Test
    void aMillionLogicalUnitsCostNextToNothingUntilTheyAreUsed() {
        long before = heap();
        long start = System.nanoTime();
        ScsiBus bus = new ScsiBus(PrimaryUnits.SHARED);
        for (int target = 0; target < TARGETS; target++) {
            int number = target;
            bus.attach(target, 0, LUNS - 1, lun -> unit(number, lun));
        }
        long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start);
        long each = (heap() - before) / MILLION;

        assertTrue(each < 200, each + " bytes each");
        assertTrue(seconds < 2, seconds + " s");
        // Also keeps the bus alive until the heap has been measured.
        assertEquals(LUNS, Objects.requireNonNull(bus.target(TARGETS - 1)).luns().length);
    }

    @Test
    void theLastOfAMillionIsThereWhenItIsAskedFor() {
        ScsiBus bus = new ScsiBus(PrimaryUnits.SHARED);
        for (int target = 0; target < TARGETS; target++) {
            int number = target;
            bus.attach(target, 0, LUNS - 1, lun -> unit(number, lun));
        }
        try (Driver driver = new Driver(bus)) {
            driver.send(TARGETS - 1, LUNS - 1, "00 00 00 00 00 00", new byte[0], 0);
            assertEquals(
                    0,
                    driver.send(TARGETS - 1, LUNS - 1, READ_ONE_BLOCK, new byte[0], 512)
                            .status());
            Driver.Request beyond = driver.send(TARGETS - 1, LUNS, READ_ONE_BLOCK, new byte[0], 512);
            assertEquals(2, beyond.status());
            assertEquals(
                    Response.BAD_TARGET,
                    driver.send(TARGETS, 0, READ_ONE_BLOCK, new byte[0], 512).code());
            String serial = "12 01 80 00 ff 00";
            byte[] page = driver.send(TARGETS - 1, 7, serial, new byte[0], 255).data();
            assertEquals("many-63-7", new String(page, 4, page[3], US_ASCII));
        }
    }

    @Test
    void aTargetHas16384LogicalUnitsAndReportsEachOfThem() {
        FakeDisk last = new FakeDisk(1 << 20);
        last.content().asSlice(3 * 512, 512).fill((byte) 0x5a);
        ScsiBus bus = new ScsiBus(PrimaryUnits.SHARED);
        bus.attach(5, 0, LunAddress.MAX_LUN - 1, lun -> unit(5, lun));
        bus.attach(5, LunAddress.MAX_LUN, new ScsiDisk(last, DiskIdentity.DEFAULT, DiskGeometry.DEFAULT, true));
        try (Driver driver = new Driver(bus)) {
            int length = 8 + 8 * (LunAddress.MAX_LUN + 1);
            ByteBuffer list =
                    ByteBuffer.wrap(driver.send(5, 0, "a0 00 00 00 00 00 00 10 00 00 00 00", new byte[0], length)
                            .data());
            assertEquals(length - 8, list.getInt(0));
            for (int lun = 0; lun <= LunAddress.MAX_LUN; lun++) {
                assertEquals(LunAddress.encode(lun), list.getLong(8 + 8 * lun));
            }

            driver.send(5, LunAddress.MAX_LUN, "00 00 00 00 00 00", new byte[0], 0);
            Driver.Request read = driver.send(5, LunAddress.MAX_LUN, READ_ONE_BLOCK, new byte[0], 512);
            assertEquals(0, read.status());
            assertArrayEquals(last.content().asSlice(3 * 512, 512).toArray(JAVA_BYTE), read.data());
        }
    }

    @Test
    void eachOf256TargetsHasItsLogicalUnit() {
        ScsiBus bus = new ScsiBus(PrimaryUnits.SHARED);
        for (int target = 0; target <= ScsiBus.MAX_TARGET; target++) {
            bus.attach(target, 0, unit(target, 0));
        }
        try (Driver driver = new Driver(bus)) {
            for (int target = 0; target <= ScsiBus.MAX_TARGET; target++) {
                driver.send(target, 0, "00 00 00 00 00 00", new byte[0], 0);
                assertEquals(
                        0,
                        driver.send(target, 0, READ_ONE_BLOCK, new byte[0], 512).status());
            }
        }
    }
}
