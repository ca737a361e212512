package vmm.virtio.scsi;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import vmm.block.FakeDisk;
import vmm.linux.Errno;
import vmm.scsi.DiskIdentity;
import vmm.scsi.ScsiBus;
import vmm.scsi.block.DiskGeometry;
import vmm.scsi.block.ScsiDisk;
import vmm.scsi.primary.PrimaryUnits;
import vmm.virtio.Features;

@ParameterizedClass(name = "rings {0}")
@ValueSource(longs = {0, Features.RING_PACKED})
class VirtioScsiDeviceTest {
    private static final int SIZE = 1 << 20;
    private static final String TEST_UNIT_READY = "00 00 00 00 00 00";
    private static final String READ_ONE_BLOCK = "28 00 00 00 00 03 00 00 01 00";
    private static final String WRITE_ONE_BLOCK = "2a 00 00 00 00 03 00 00 01 00";

    private final FakeDisk medium = new FakeDisk(SIZE);
    private final ScsiBus bus = new ScsiBus(PrimaryUnits.SHARED);
    private final Driver driver;

    VirtioScsiDeviceTest(long rings) {
        bus.attach(0, 0, disk());
        bus.attach(255, 16383, disk());
        byte[] bytes = new byte[SIZE];
        new Random(1).nextBytes(bytes);
        medium.content().copyFrom(MemorySegment.ofArray(bytes));
        driver = new Driver(bus, rings);
        driver.settle();
    }

    private ScsiDisk disk() {
        return new ScsiDisk(medium, DiskIdentity.DEFAULT, DiskGeometry.DEFAULT, true);
    }

    private byte[] content(long offset, long length) {
        return medium.content().asSlice(offset, length).toArray(JAVA_BYTE);
    }

    @AfterEach
    void close() {
        driver.close();
    }

    @Test
    void theConfigurationSpaceHasEveryField() {
        // virtio 1.3 5.6.4
        long[] words = {2, 62, 0xffff, 64, 16, 96, 32, 0x00ff_0000, 16383};
        for (int i = 0; i < words.length; i++) {
            assertEquals(words[i], driver.device.readConfig(4 * i, 4));
        }
        assertEquals(255, driver.device.readConfig(30, 2));
        assertEquals(0x20, driver.device.readConfig(24, 1));
        assertEquals(36, driver.device.configSize());
        assertArrayEquals(new int[] {64, 64, 64, 64}, driver.device.queueSizes());
    }

    @Test
    void onlySenseSizeAndCdbSizeCanBeWrittenAndAResetTakesThatBack() {
        for (int offset = 0; offset < 36; offset += 4) {
            driver.device.writeConfig(offset, 4, 64);
        }
        assertEquals(2, driver.device.readConfig(0, 4));
        assertEquals(64, driver.device.readConfig(20, 4));
        assertEquals(64, driver.device.readConfig(24, 4));
        assertEquals(16383, driver.device.readConfig(32, 4));

        driver.device.reset();

        assertEquals(96, driver.device.readConfig(20, 4));
        assertEquals(32, driver.device.readConfig(24, 4));
    }

    @Test
    void sizesThatCannotBeServedAreIgnored() {
        driver.device.writeConfig(20, 4, 0xffff_ffffL);
        driver.device.writeConfig(24, 4, 0);

        assertEquals(96, driver.device.readConfig(20, 4));
        assertEquals(32, driver.device.readConfig(24, 4));
    }

    @Test
    void sizesCanBeWrittenByteByByteInAnyOrder() {
        // virtio 1.3 4.1.4.10: accesses of any width are as good as those of the field's own
        driver.device.writeConfig(20, 4, 0x100);
        driver.device.writeConfig(21, 1, 0);
        driver.device.writeConfig(20, 1, 0x40);
        assertEquals(0x40, driver.device.readConfig(20, 4));
        driver.device.writeConfig(20, 1, 0);
        driver.device.writeConfig(21, 1, 2);
        assertEquals(0x200, driver.device.readConfig(20, 4));
        driver.device.writeConfig(24, 2, 0x14);
        assertEquals(0x14, driver.device.readConfig(24, 4));
        driver.device.writeConfig(20, 8, 0x18_0000_0060L);
        assertEquals(0x60, driver.device.readConfig(20, 4));
        assertEquals(0x18, driver.device.readConfig(24, 4));
    }

    @Test
    void otherSizesOfCdbAndSenseTakeEffect() {
        driver.device.writeConfig(20, 4, 18);
        driver.device.writeConfig(24, 4, 16);
        byte[] header = Arrays.copyOf(Driver.header(Driver.lun(0, 0), 1, 0, READ_ONE_BLOCK), 19 + 16);

        Driver.Request request = driver.place(header, new byte[0], 12 + 18, 512);
        driver.requests.readable(request.header, header.length);
        driver.requests.writable(request.response, 12 + 18).writable(request.in, 512);
        driver.enter(driver.requests, driver.requests.offer(), request);
        driver.run();

        assertEquals(Response.OK, request.code());
        assertArrayEquals(content(3 * 512, 512), request.data());
        assertEquals(12 + 18 + 512, request.used);
    }

    @Test
    void aSenseFieldThatIsTooSmallCutsTheSense() {
        driver.device.writeConfig(20, 4, 3);
        byte[] header = Driver.header(Driver.lun(0, 0), 1, 0, "ff");

        Driver.Request request = driver.place(header, new byte[0], 12 + 3, 0);
        driver.requests.readable(request.header, header.length).writable(request.response, 12 + 3);
        driver.enter(driver.requests, driver.requests.offer(), request);
        driver.run();

        assertEquals("700005", request.sense());
        assertEquals(12 + 3, request.used);
    }

    @Test
    void aReadFillsTheGuestsBuffer() {
        Driver.Request request = driver.read(READ_ONE_BLOCK, 512);

        assertEquals(Response.OK, request.code());
        assertEquals(0, request.status());
        assertEquals(0, request.senseLength());
        assertEquals(0, request.residual());
        assertArrayEquals(content(3 * 512, 512), request.data());
        assertEquals(Driver.FIXED + 512, request.used);
        assertEquals("00".repeat(96), sense(request));
    }

    private String sense(Driver.Request request) {
        byte[] sense = new byte[96];
        driver.memory.read(request.response + 12, sense, 0, 96);
        return HexFormat.of().formatHex(sense);
    }

    @Test
    void aWriteReachesTheDisk() {
        byte[] data = new byte[512];
        Arrays.fill(data, (byte) 7);

        Driver.Request request = driver.send(0, 0, WRITE_ONE_BLOCK, data, 0);

        assertEquals(Response.OK, request.code());
        assertArrayEquals(data, content(3 * 512, 512));
        assertEquals(Driver.FIXED, request.used);
    }

    @Test
    void anyFramingOfARequestIsTheSameRequest() {
        // virtio 1.3 2.7.4: header and data in one buffer, or every byte in its own
        byte[] header = Driver.header(Driver.lun(0, 0), 1, 0, READ_ONE_BLOCK);
        Driver.Request request = driver.place(header, new byte[0], Driver.FIXED + 512, 0);
        long table = driver.driver.allocate(64 * 16, 16);
        for (int i = 0; i < 20; i++) {
            driver.requests.readable(request.header + i, 1);
        }
        driver.requests.readable(request.header + 20, header.length - 20);
        for (int i = 0; i < 30; i++) {
            driver.requests.writable(request.response + i, 1);
        }
        driver.requests.writable(request.response + 30, Driver.FIXED + 512 - 30);

        driver.enter(driver.requests, driver.requests.offerIndirect(table), request);
        driver.run();

        assertEquals(Response.OK, request.code());
        byte[] data = new byte[512];
        driver.memory.read(request.response + Driver.FIXED, data, 0, 512);
        assertArrayEquals(content(3 * 512, 512), data);
    }

    @Test
    void everyTargetAndLogicalUnitIsReachedByBothMethods() {
        assertEquals(
                Response.OK,
                driver.send(255, 16383, TEST_UNIT_READY, new byte[0], 0).code());
        byte[] peripheral = {1, 0, 0, 0, 0, 0, 0, 0};
        Driver.Request request =
                driver.offer(driver.requests, Driver.header(peripheral, 1, 0, READ_ONE_BLOCK), new byte[0], 512);
        driver.run();
        assertArrayEquals(content(3 * 512, 512), request.data());
    }

    @Test
    void aTargetThatIsNotThereIsABadTarget() {
        Driver.Request request = driver.send(1, 0, "12 00 00 00 24 00", new byte[0], 36);

        assertEquals(Response.BAD_TARGET, request.code());
        assertEquals(36, request.residual());
        assertEquals(Driver.FIXED, request.used);
    }

    @ParameterizedTest
    @ValueSource(strings = {"0000400000000000", "0200400000000000", "c102000000000000"})
    void anAddressOfAnotherFormIsABadTarget(String lun) {
        byte[] header = Driver.header(HexFormat.of().parseHex(lun), 1, 0, TEST_UNIT_READY);
        Driver.Request request = driver.offer(driver.requests, header, new byte[0], 0);
        driver.run();

        assertEquals(Response.BAD_TARGET, request.code());
    }

    @Test
    void aLogicalUnitThatIsNotThereIsNoneOfTheTargets() {
        Driver.Request inquiry = driver.send(0, 5, "12 00 00 00 24 00", new byte[0], 36);
        assertEquals(Response.OK, inquiry.code());
        assertEquals(0x7f, inquiry.data()[0]);

        Driver.Request ready = driver.send(0, 5, TEST_UNIT_READY, new byte[0], 0);
        assertEquals(Response.OK, ready.code());
        assertEquals(2, ready.status());
        assertEquals("70000500000000" + "0a" + "00000000" + "2500" + "00000000", ready.sense());
    }

    @Test
    void reportLunsIsAnsweredWhereOnlyHighNumbersAre() {
        Driver.Request request = driver.send(255, 0, "a0 00 00 00 00 00 00 00 01 00 00 00", new byte[0], 256);

        assertEquals(0, request.status());
        assertEquals("000000080000000" + "07fff000000000000", HexFormat.of().formatHex(request.data(), 0, 16));
        assertEquals(256 - 16, request.residual());
    }

    @Test
    void aFailedReadIsNeverGood() {
        medium.failAt(3 * 512, 512, Errno.EIO);

        Driver.Request request = driver.read(READ_ONE_BLOCK, 512);

        assertEquals(Response.OK, request.code());
        assertEquals(2, request.status());
        assertEquals("f00003000000030a000000001100" + "00000000", request.sense());
        assertEquals(512, request.residual());
        assertEquals(Driver.FIXED, request.used);
    }

    @Test
    void aLongBufferLeavesAResidual() {
        Driver.Request request = driver.read(READ_ONE_BLOCK, 2000);

        assertEquals(0, request.status());
        assertEquals(2000 - 512, request.residual());
        assertEquals(Driver.FIXED + 512, request.used);
    }

    @Test
    void aShortBufferIsAnOverrun() {
        Driver.Request request = driver.read(READ_ONE_BLOCK, 511);

        assertEquals(Response.OVERRUN, request.code());
        assertEquals(511, request.residual());
    }

    @Test
    void dataInBothDirectionsFail() {
        // virtio 1.3 5.6.6.1.1: VIRTIO_SCSI_F_INOUT is not offered
        Driver.Request request = driver.send(0, 0, READ_ONE_BLOCK, new byte[512], 512);

        assertEquals(Response.FAILURE, request.code());
        assertEquals(1024, request.residual());
    }

    @Test
    void aHeaderThatIsTooShortFails() {
        byte[] header = Arrays.copyOf(Driver.header(Driver.lun(0, 0), 1, 0, READ_ONE_BLOCK), Driver.HEADER - 1);

        Driver.Request request = driver.offer(driver.requests, header, new byte[0], 512);
        driver.run();

        assertEquals(Response.FAILURE, request.code());
        assertNull(driver.driver.broken());
    }

    @Test
    void aRequestWithoutRoomForAResponseBreaksTheDevice() {
        byte[] header = Driver.header(Driver.lun(0, 0), 1, 0, READ_ONE_BLOCK);
        Driver.Request request = driver.place(header, new byte[0], Driver.FIXED, 0);
        driver.requests.readable(request.header, header.length).writable(request.response, Driver.FIXED - 1);

        driver.enter(driver.requests, driver.requests.offer(), request);
        driver.run();

        assertFalse(request.ended());
        assertNotNull(driver.driver.broken());
    }

    @Test
    void requestsEndInTheOrderInWhichTheDiskEndsThem() {
        medium.hold();
        Driver.Request first =
                driver.offer(driver.requests, Driver.header(Driver.lun(0, 0), 1, 0, READ_ONE_BLOCK), new byte[0], 512);
        Driver.Request second = driver.offer(
                driver.moreRequests, Driver.header(Driver.lun(0, 0), 2, 0, READ_ONE_BLOCK), new byte[0], 512);
        driver.run();
        assertFalse(first.ended() || second.ended());

        driver.loop.post(medium::releaseLast);
        driver.run();
        assertTrue(!first.ended() && second.ended());

        driver.loop.post(medium::release);
        driver.run();
        assertTrue(first.ended());
    }

    @Test
    void aResetIsHeardOfAfterwards() {
        driver.restart();

        Driver.Request ready = driver.read(TEST_UNIT_READY, 0);

        assertEquals("700006000000000a00000000" + "2902" + "00000000", ready.sense());
        assertEquals(0, driver.read(TEST_UNIT_READY, 0).status());
    }

    @Test
    void configurationsOutOfRangeAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> HbaConfig.of("scsi0", 0));
        assertThrows(IllegalArgumentException.class, () -> new HbaConfig("scsi0", 1, 100));
        assertThrows(IllegalArgumentException.class, () -> new HbaConfig("scsi0", 1, 2048));
    }

    @Test
    void theReportLunsLogicalUnitListsTheControllersOrATargetsLogicalUnits() {
        // virtio 1.3 5.6.6.1.1: C1 01 for the controller; and behind a target's number for the target
        String report = "a0 00 00 00 00 00 00 00 10 00 00 00";
        byte[] controller = HexFormat.of().parseHex("c101000000000000");
        byte[] target = HexFormat.of().parseHex("01ffc10100000000");
        assertEquals(
                "0000001000000000" + "0100000000000000" + "01ff7fff00000000",
                HexFormat.of().formatHex(sendTo(controller, report, 24).data()));
        assertEquals(
                "0000000800000000" + "7fff000000000000",
                HexFormat.of().formatHex(sendTo(target, report, 16).data()));
        // SPC-5 8: it is no disk
        assertEquals(0x1e, sendTo(controller, "12 00 00 00 24 00", 36).data()[0]);
        assertEquals(2, sendTo(controller, READ_ONE_BLOCK, 512).status());
    }

    private Driver.Request sendTo(byte[] lun, String cdb, int room) {
        Driver.Request request = driver.offer(driver.requests, Driver.header(lun, 1, 0, cdb), new byte[0], room);
        driver.run();
        assertEquals(Response.OK, request.code());
        return request;
    }
}
