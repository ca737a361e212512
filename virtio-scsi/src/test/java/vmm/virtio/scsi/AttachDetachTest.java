package vmm.virtio.scsi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HexFormat;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import vmm.block.FakeDisk;
import vmm.scsi.DiskIdentity;
import vmm.scsi.ScsiBus;
import vmm.scsi.block.DiskGeometry;
import vmm.scsi.block.ScsiDisk;
import vmm.scsi.block.protection.ProtectedMedium;
import vmm.scsi.block.protection.ProtectionType;
import vmm.scsi.primary.PrimaryUnits;

/** Logical units that come to a running controller and go again. */
class AttachDetachTest {
    private static final String TEST_UNIT_READY = "00 00 00 00 00 00";
    private static final String READ_ONE = "28 00 00 00 00 00 00 00 01 00";
    private static final int CHECK_CONDITION = 2;

    private final ScsiBus bus = new ScsiBus(PrimaryUnits.SHARED);
    private final FakeDisk medium = new FakeDisk(1 << 20);
    private final ScsiDisk unit = disk(medium);
    private final Driver driver;

    AttachDetachTest() {
        bus.attach(0, 0, disk(new FakeDisk(1 << 20)));
        driver = new Driver(bus, HbaFeatures.ALWAYS);
        driver.run();
        driver.settle();
    }

    @AfterEach
    void close() {
        driver.close();
    }

    private static ScsiDisk disk(FakeDisk medium) {
        return new ScsiDisk(medium, DiskIdentity.DEFAULT, DiskGeometry.DEFAULT, true);
    }

    private void attach(int target, int lun) {
        driver.device.attach(target, lun, unit);
        driver.run();
    }

    private AtomicBoolean detach(int target, int lun) {
        AtomicBoolean ended = new AtomicBoolean();
        driver.device.detach(target, lun, () -> unit.retire(() -> ended.set(true)));
        driver.run();
        return ended;
    }

    private void settle(int target, int lun) {
        while (driver.send(target, lun, TEST_UNIT_READY, new byte[0], 0).status() == CHECK_CONDITION) {
            // The next condition.
        }
    }

    private static String text(byte[] bytes, int length) {
        return HexFormat.of().formatHex(bytes, 0, length);
    }

    private String event(Driver.Request buffer) {
        assertTrue(buffer.ended());
        byte[] bytes = new byte[16];
        driver.memory.read(buffer.response, bytes, 0, 16);
        return text(bytes, 16);
    }

    @Test
    void aLogicalUnitThatComesIsAnnouncedAndAnswers() {
        Driver.Request buffer = driver.offerEventBuffer(16);
        attach(0, 7);

        assertEquals("01000000" + "0100000700000000" + "01000000", event(buffer));
        Driver.Request others = driver.read(TEST_UNIT_READY, 0);
        assertEquals(CHECK_CONDITION, others.status());
        assertTrue(others.sense().contains("3f"), "REPORTED LUNS DATA HAS CHANGED, said by its neighbour");
        settle(0, 7);
        assertEquals(0, driver.send(0, 7, READ_ONE, new byte[0], 512).status());
    }

    @Test
    void aTargetComesWithItsFirstLogicalUnit() {
        assertEquals(
                Response.BAD_TARGET,
                driver.send(5, 0, TEST_UNIT_READY, new byte[0], 0).code());
        attach(5, 0);

        settle(5, 0);
        assertEquals(0, driver.send(5, 0, READ_ONE, new byte[0], 512).status());
    }

    @Test
    void aLogicalUnitThatGoesIsAnnouncedAndAnswersNoMore() {
        driver.offerEventBuffer(16);
        attach(0, 7);
        settle(0, 7);
        Driver.Request buffer = driver.offerEventBuffer(16);

        assertTrue(detach(0, 7).get());
        assertEquals("01000000" + "0100000700000000" + "02000000", event(buffer));
        Driver.Request late = driver.send(0, 7, READ_ONE, new byte[0], 512);
        assertEquals(CHECK_CONDITION, late.status());
        assertTrue(late.sense().contains("25"), "LOGICAL UNIT NOT SUPPORTED");
    }

    @Test
    void aTargetGoesWithItsLastLogicalUnit() {
        attach(5, 0);
        settle(5, 0);
        assertTrue(detach(5, 0).get());

        assertNull(bus.target(5));
        assertEquals(
                Response.BAD_TARGET,
                driver.send(5, 0, READ_ONE, new byte[0], 512).code());
    }

    @Test
    void requestsInFlightEndAsAbortedOnes() {
        attach(0, 7);
        settle(0, 7);
        medium.hold();
        Driver.Request first = driver.send(0, 7, READ_ONE, new byte[0], 512);
        Driver.Request second = driver.send(0, 7, READ_ONE, new byte[0], 512);

        AtomicBoolean ended = detach(0, 7);
        assertFalse(ended.get(), "the medium still works");
        assertFalse(first.ended());
        medium.release();
        driver.run();

        assertTrue(ended.get());
        assertEquals(Response.ABORTED, first.code());
        assertEquals(Response.ABORTED, second.code());
    }

    @Test
    void whatGoesIsForgotten() {
        attach(0, 7);
        settle(0, 7);
        detach(0, 7);

        assertTrue(unit.nexusIds().isEmpty());
    }

    @Test
    void theSameNumberCanBeUsedAgain() {
        for (int round = 0; round < 3; round++) {
            attach(0, 7);
            settle(0, 7);
            assertEquals(0, driver.send(0, 7, READ_ONE, new byte[0], 512).status());
            assertTrue(detach(0, 7).get());
        }
    }

    @Test
    void whatTheDriverMayAgreeToStaysAsItIs() {
        long before = driver.device.features();
        FakeDisk data = new FakeDisk(1 << 20);
        driver.device.attach(
                0,
                7,
                new ScsiDisk(
                        new ProtectedMedium(data, new FakeDisk(1 << 15), ProtectionType.of(1), 512),
                        DiskIdentity.DEFAULT,
                        DiskGeometry.DEFAULT,
                        true));
        driver.run();

        assertEquals(before, driver.device.features());
        driver.restart();
        settle(0, 7);
        assertEquals(0, driver.send(0, 7, READ_ONE, new byte[0], 512).status());
    }
}
