package vmm.virtio.scsi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.EnumSet;
import java.util.HexFormat;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;
import vmm.block.FakeDisk;
import vmm.scsi.DiskIdentity;
import vmm.scsi.ScsiBus;
import vmm.scsi.SenseCode;
import vmm.scsi.block.DiskGeometry;
import vmm.scsi.block.ScsiDisk;
import vmm.scsi.multimedia.CdRomDrive;
import vmm.scsi.primary.PrimaryUnits;
import vmm.virtio.Features;

/** The event queue and the asynchronous notifications of the control queue. */
@ParameterizedClass(name = "rings {0}")
@ValueSource(longs = {0, Features.RING_PACKED})
class EventQueueTest {
    private static final int T_AN_QUERY = 1;
    private static final int T_AN_SUBSCRIBE = 2;
    private static final int OPERATIONAL_CHANGE = 2;
    private static final int EXTERNAL_REQUEST = 8;
    private static final int MEDIA_CHANGE = 16;
    private static final int MULTI_HOST = 32;

    private static final HbaEvent RESCAN = new HbaEvent.TransportReset(3, 300, HbaEvent.Reason.RESCAN);
    private static final HbaEvent CAPACITY = new HbaEvent.ParameterChange(0, 1, SenseCode.CAPACITY_DATA_HAS_CHANGED);

    private final ScsiBus bus = new ScsiBus(PrimaryUnits.SHARED);
    private final ScsiDisk disk = new ScsiDisk(new FakeDisk(1 << 20), DiskIdentity.DEFAULT, DiskGeometry.DEFAULT, true);
    private final long rings;
    private Driver driver;

    EventQueueTest(long rings) {
        this.rings = rings;
        bus.attach(0, 1, disk);
        driver = new Driver(bus, rings | HbaFeatures.ALWAYS);
        driver.run();
    }

    @AfterEach
    void close() {
        driver.close();
    }

    private void negotiate(long features) {
        driver.close();
        driver = new Driver(bus, rings | features);
        driver.run();
    }

    private Driver.Request buffer() {
        return driver.offerEventBuffer(16);
    }

    private void report(HbaEvent event) {
        driver.device.report(event);
        driver.run();
    }

    /** The fields of an event: event, lun and reason, as they are in memory. */
    private String event(Driver.Request buffer) {
        assertEquals(16, buffer.used);
        byte[] bytes = new byte[16];
        driver.memory.read(buffer.response, bytes, 0, 16);
        String hex = HexFormat.of().formatHex(bytes);
        return hex.substring(0, 8) + " " + hex.substring(8, 24) + " " + hex.substring(24);
    }

    private int actual(Driver.Request request) {
        return driver.memory.getInt(request.response);
    }

    private Driver.Request control(int type, byte[] lun, int requested) {
        Driver.Request request = driver.offerNotificationRequest(type, lun, requested);
        driver.run();
        assertEquals(5, request.used);
        return request;
    }

    private int response(Driver.Request request) {
        return driver.memory.getByte(request.response + 4);
    }

    @Test
    void transportResetsSayWhereAndWhy() {
        Driver.Request[] buffers = {buffer(), buffer(), buffer()};
        report(RESCAN);
        report(new HbaEvent.TransportReset(255, 0, HbaEvent.Reason.REMOVED));
        report(new HbaEvent.TransportReset(0, 16383, HbaEvent.Reason.HARD));

        // Numbers as REPORT LUNS has them: up to 255 by the peripheral method, beyond by the flat one.
        assertEquals("01000000 0103412c00000000 01000000", event(buffers[0]));
        assertEquals("01000000 01ff000000000000 02000000", event(buffers[1]));
        assertEquals("01000000 01007fff00000000 00000000", event(buffers[2]));
    }

    @Test
    void parameterChangesSayWhich() {
        Driver.Request buffer = buffer();
        report(CAPACITY);

        assertEquals("03000000 0100000100000000 2a090000", event(buffer));
    }

    @Test
    void eachEventTakesOneBuffer() {
        Driver.Request first = buffer();
        Driver.Request second = buffer();
        report(CAPACITY);

        assertTrue(first.ended());
        assertFalse(second.ended());
    }

    @Test
    void whatTheDriverHasNotAcceptedIsNotReported() {
        negotiate(0);
        Driver.Request buffer = buffer();
        report(RESCAN);
        report(new HbaEvent.TransportReset(0, 1, HbaEvent.Reason.REMOVED));
        report(CAPACITY);
        assertFalse(buffer.ended());

        // virtio 1.3 5.6.6.3.2: resets alone need no feature; and nothing was missed
        report(new HbaEvent.TransportReset(0, 1, HbaEvent.Reason.HARD));
        assertEquals("01000000 0100000100000000 00000000", event(buffer));
    }

    @Test
    void eventsWithoutABufferAreMissedAndTheNextBufferSaysSo() {
        report(CAPACITY);
        report(RESCAN);
        Driver.Request first = buffer();
        Driver.Request second = buffer();
        driver.run();

        assertEquals("00000080 0000000000000000 00000000", event(first));
        assertFalse(second.ended());

        report(CAPACITY);
        assertEquals("03000000 0100000100000000 2a090000", event(second));
    }

    @Test
    void theDriverIsAskedToRingAgainAfterEachMiss() {
        for (int round = 0; round < 20; round++) {
            Driver.Request good = buffer();
            report(CAPACITY);
            assertTrue(good.ended());
            report(CAPACITY);
            Driver.Request late = buffer();
            driver.run();
            assertEquals("00000080 0000000000000000 00000000", event(late));
        }
    }

    @Test
    void anEventThatComesFirstTakesTheWordOfTheMissAlong() {
        report(CAPACITY);
        // The buffer is there, but the doorbell has not been looked at.
        Driver.Request buffer = buffer();
        driver.loop.post(() -> driver.device.report(RESCAN));
        driver.run();

        String told = event(buffer);
        assertTrue(told.equals("01000080 0103412c00000000 01000000") || told.startsWith("00000080"), told);
    }

    @Test
    void buffersThatAreTooShortAreUsedForNothing() {
        Driver.Request tiny = driver.offerEventBuffer(3);
        Driver.Request small = driver.offerEventBuffer(15);
        Driver.Request good = buffer();
        report(CAPACITY);

        assertEquals(0, tiny.used);
        assertEquals(4, small.used);
        assertEquals(0, driver.memory.getInt(small.response));
        assertEquals("03000000 0100000100000000 2a090000", event(good));
    }

    @Test
    void withoutADriverNothingIsReportedOrRemembered() {
        driver.driver.reset();
        driver.device.report(CAPACITY);
        driver.loop.runUntilIdle();
        driver.restart();
        driver.run();
        Driver.Request buffer = buffer();
        driver.run();

        assertFalse(buffer.ended());
    }

    @Test
    void aLogicalUnitSaysWhatItCanReport() {
        Driver.Request query = control(T_AN_QUERY, Driver.lun(0, 1), -1);

        assertEquals(Response.OK, response(query));
        // A disk that stays where it is has no media to change.
        assertEquals(OPERATIONAL_CHANGE | MULTI_HOST, actual(query));
        assertEquals(0, actual(control(T_AN_QUERY, Driver.lun(0, 1), MEDIA_CHANGE)));
    }

    @Test
    void notificationsOfWhatIsNotThereAreRefused() {
        assertEquals(Response.BAD_TARGET, response(control(T_AN_QUERY, Driver.lun(9, 0), -1)));
        assertEquals(Response.INCORRECT_LUN, response(control(T_AN_SUBSCRIBE, Driver.lun(0, 2), -1)));
        assertEquals(0, actual(control(T_AN_SUBSCRIBE, Driver.lun(0, 2), -1)));
    }

    @Test
    void onlySubscribersAreNotifiedAndOnlyOfWhatTheyAskedFor() {
        Set<AsyncEvent> both = EnumSet.of(AsyncEvent.OPERATIONAL_CHANGE, AsyncEvent.DEVICE_BUSY);
        HbaEvent happened = new HbaEvent.AsyncNotification(0, 1, both);
        Driver.Request buffer = buffer();
        report(happened);
        assertFalse(buffer.ended());

        assertEquals(OPERATIONAL_CHANGE | MULTI_HOST, actual(control(T_AN_SUBSCRIBE, Driver.lun(0, 1), -1)));
        report(new HbaEvent.AsyncNotification(0, 1, Set.of(AsyncEvent.DEVICE_BUSY)));
        assertFalse(buffer.ended());
        report(happened);
        assertEquals("02000000 0100000100000000 02000000", event(buffer));

        // The next subscription takes the place of the first.
        control(T_AN_SUBSCRIBE, Driver.lun(0, 1), 0);
        Driver.Request next = buffer();
        report(happened);
        assertFalse(next.ended());
    }

    @Test
    void aResetForgetsSubscriptionsAndMisses() {
        control(T_AN_SUBSCRIBE, Driver.lun(0, 1), -1);
        report(CAPACITY);
        driver.restart();
        driver.run();
        Driver.Request buffer = buffer();
        report(new HbaEvent.AsyncNotification(0, 1, Set.of(AsyncEvent.OPERATIONAL_CHANGE)));

        assertFalse(buffer.ended());
    }

    @Test
    void aDiskThatGrowsTellsTheDriverThatKnowsIt() {
        driver.send(0, 1, "00 00 00 00 00 00", new byte[0], 0);
        control(T_AN_SUBSCRIBE, Driver.lun(0, 1), OPERATIONAL_CHANGE);
        Driver.Request change = buffer();
        Driver.Request notification = buffer();
        disk.capacityChanged();
        driver.run();

        assertEquals("03000000 0100000100000000 2a090000", event(change));
        assertEquals("02000000 0100000100000000 02000000", event(notification));
        // virtio 1.3 5.6.6.3: and by a unit attention condition
        assertEquals(
                "700006000000000a000000002a0900000000",
                driver.send(0, 1, "00 00 00 00 00 00", new byte[0], 0).sense());
    }

    @Test
    void whoPressesTheButtonOfALockedDriveIsHeardByItsDriver() {
        CdRomDrive drive = new CdRomDrive(DiskIdentity.DEFAULT, () -> new FakeDisk(1 << 20));
        bus.attach(0, 2, drive);
        driver.send(0, 2, "1e 00 00 00 01 00", new byte[0], 0);
        driver.send(0, 2, "1e 00 00 00 01 00", new byte[0], 0);
        control(T_AN_SUBSCRIBE, Driver.lun(0, 2), EXTERNAL_REQUEST);
        Driver.Request wish = buffer();
        assertFalse(drive.pressEject(false));
        driver.run();

        assertEquals("02000000 0100000200000000 08000000", event(wish));
        // It is no unit attention condition: nothing has changed.
        assertEquals(0, driver.send(0, 2, "00 00 00 00 00 00", new byte[0], 0).status());

        control(T_AN_SUBSCRIBE, Driver.lun(0, 2), MEDIA_CHANGE);
        Driver.Request again = buffer();
        Driver.Request gone = buffer();
        drive.pressEject(false);
        drive.pressEject(true);
        driver.run();

        assertEquals("02000000 0100000200000000 10000000", event(again));
        assertEquals("02000000 0100000200000000 10000000", event(gone));
    }

    @Test
    void whoResetsALogicalUnitGetsNoEventButWhoSharesItDoes() {
        driver.send(0, 1, "00 00 00 00 00 00", new byte[0], 0);
        ScsiBus otherBus = new ScsiBus(PrimaryUnits.SHARED);
        otherBus.attach(7, 300, disk);
        try (Driver other = new Driver(otherBus, HbaFeatures.ALWAYS)) {
            other.send(7, 300, "00 00 00 00 00 00", new byte[0], 0);
            Driver.Request own = buffer();
            Driver.Request others = other.offerEventBuffer(16);
            Driver.Request reset = driver.manage(5, Driver.lun(0, 1), 0);
            driver.run();
            other.run();

            assertEquals(Response.FUNCTION_COMPLETE, driver.answer(reset));
            assertFalse(own.ended());
            assertTrue(others.ended());
            assertEquals(1, other.memory.getInt(others.response));
            assertEquals(0, other.memory.getInt(others.response + 12));
        }
    }
}
