package vmm.scsi.multimedia;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import vmm.block.BlockDevice;
import vmm.block.FakeDisk;
import vmm.block.NullDisk;
import vmm.linux.HostException;
import vmm.scsi.DiskIdentity;
import vmm.scsi.Initiator;
import vmm.scsi.ScsiStatus;

final class CdRomDriveTest {
    private static final String TEST_UNIT_READY = "00 00 00 00 00 00";
    private static final String EJECT = "1b 00 00 00 02 00";
    private static final String LOAD = "1b 00 00 00 03 00";
    private static final String PREVENT = "1e 00 00 00 01 00";
    private static final String ALLOW = "1e 00 00 00 00 00";
    private static final String KEY_EVENT = "4a 01 00 00 08 00 00 00 08 00";
    private static final String ANY_EVENT = "4a 01 00 00 18 00 00 00 08 00";
    private static final String MEDIA_EVENT = "4a 01 00 00 10 00 00 00 08 00";
    private static final String READ_CAPACITY = "25 00 00 00 00 00 00 00 00 00";

    private static final String MEDIUM_MAY_HAVE_CHANGED = "28 00";
    private static final String TRAY_OPEN = "3a 02";
    private static final String TRAY_CLOSED = "3a 01";
    private static final String REMOVAL_PREVENTED = "53 02";

    private @Nullable BlockDevice onTray = new FakeDisk(16 * Disc.BLOCK);
    private final CdRomDrive drive = new CdRomDrive(DiskIdentity.DEFAULT, () -> onTray);
    private final Initiator initiator = Initiator.of(drive);

    @Test
    void aDiscIsReadInBlocksOf2048Bytes() {
        FakeDisk disc = new FakeDisk(16 * Disc.BLOCK);
        disc.content().asSlice(3 * Disc.BLOCK, 2 * Disc.BLOCK).fill((byte) 0x5a);
        change(disc);
        byte[] expected = new byte[2 * Disc.BLOCK];
        Arrays.fill(expected, (byte) 0x5a);
        assertArrayEquals(
                expected, initiator.read("28 00 00 00 00 03 00 00 02 00", 4096).data());
        assertArrayEquals(
                expected,
                initiator.read("a8 00 00 00 00 03 00 00 00 02 00 00", 4096).data());
        assertArrayEquals(
                expected,
                initiator.read("be 08 00 00 00 03 00 00 02 10 00 00", 4096).data());
        assertEquals("00 00 00 0f 00 00 08 00", initiator.read(READ_CAPACITY, 8).hex());
    }

    @Test
    void blocksBehindTheEndAreOutOfRange() {
        fails("21 00", "28 00 00 00 00 0f 00 00 02 00");
        fails("21 00", "28 00 00 00 00 10 00 00 01 00");
    }

    @Test
    void rawSectorsAndAudioAreRefused() {
        fails("64 00", "be 04 00 00 00 00 00 00 01 10 00 00");
        fails("24 00", "be 00 00 00 00 00 00 00 01 f8 00 00");
    }

    @Test
    void anOpenTrayHasNoDiscAndAClosedOneWhatWasPutOnIt() {
        assertEquals(ScsiStatus.GOOD, initiator.send(EJECT).status());
        assertTrue(drive.isOpen());
        fails(MEDIUM_MAY_HAVE_CHANGED, TEST_UNIT_READY);
        fails(TRAY_OPEN, TEST_UNIT_READY);
        fails(TRAY_OPEN, READ_CAPACITY);

        onTray = new FakeDisk(32 * Disc.BLOCK);
        assertEquals(ScsiStatus.GOOD, initiator.send(LOAD).status());
        fails(MEDIUM_MAY_HAVE_CHANGED, TEST_UNIT_READY);
        assertEquals("00 00 00 1f 00 00 08 00", initiator.read(READ_CAPACITY, 8).hex());
    }

    @Test
    void anEmptyTrayLeavesTheDriveEmpty() {
        change(null);
        fails(TRAY_CLOSED, TEST_UNIT_READY);
        assertFalse(drive.hasDisc());
    }

    @Test
    void whatCannotBeOpenedIsAsGoodAsNoDisc() {
        boolean[] broken = {false};
        CdRomDrive fragile = new CdRomDrive(DiskIdentity.DEFAULT, () -> {
            if (broken[0]) {
                throw new HostException("Disc a.iso is gone.");
            }
            return new FakeDisk(Disc.BLOCK);
        });
        broken[0] = true;
        fragile.pressEject(false);
        fragile.load();
        assertFalse(fragile.isOpen());
        assertFalse(fragile.hasDisc());
    }

    @Test
    void eachChangeIsToldOnceToWhoAsks() {
        assertEquals("00 06 04 18 00 02 00 00", initiator.read(MEDIA_EVENT, 8).hex(), "nothing has happened");
        drive.pressEject(false);
        assertEquals("00 06 04 18 03 01 00 00", initiator.read(MEDIA_EVENT, 8).hex(), "the disc is gone");
        assertEquals("00 06 04 18 00 01 00 00", initiator.read(MEDIA_EVENT, 8).hex(), "told already");
        drive.load();
        assertEquals("00 06 04 18 02 02 00 00", initiator.read(MEDIA_EVENT, 8).hex(), "there is a new one");
    }

    @Test
    void classesWithoutEventsAreSaidToBeUnknown() {
        assertEquals(
                "00 02 80 18",
                initiator.read("4a 01 00 00 02 00 00 00 08 00", 8).hex());
    }

    @Test
    void aLockedDriveKeepsItsDiscAndTellsOfTheWish() {
        initiator.send(PREVENT);
        fails(REMOVAL_PREVENTED, EJECT);
        assertFalse(drive.pressEject(false));
        assertEquals("00 06 04 18 01 02 00 00", initiator.read(MEDIA_EVENT, 8).hex(), "somebody wants it");
        assertEquals("00 06 03 18 01 00 00 00", initiator.read(ANY_EVENT, 8).hex(), "by the button");
        assertEquals("00 06 04 18 00 02 00 00", initiator.read(ANY_EVENT, 8).hex(), "told already");
        assertEquals("00 06 03 18 00 00 00 00", initiator.read(KEY_EVENT, 8).hex());
        assertTrue(drive.hasDisc());
        initiator.send(ALLOW);
        assertEquals(ScsiStatus.GOOD, initiator.send(EJECT).status());
    }

    @Test
    void forceAndAResetOpenALockedDrive() {
        initiator.send(PREVENT);
        assertTrue(drive.pressEject(true));
        initiator.send(LOAD);
        drive.reset();
        assertFalse(drive.isLocked());
    }

    @Test
    void aDiscThatIsTakenOutStaysOpenUntilItsLastReadHasEnded() {
        FakeDisk slow = new FakeDisk(16 * Disc.BLOCK);
        change(slow);
        slow.hold();
        Initiator.Task read =
                initiator.start(0, new byte[] {0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0}, new byte[0], Disc.BLOCK, 1);
        drive.pressEject(true);
        assertFalse(slow.closed());
        slow.release();
        initiator.loop.runUntilIdle();
        assertTrue(read.ended());
        assertTrue(slow.closed());
    }

    @Test
    void theTableOfContentsHasOneDataTrack() {
        assertEquals(
                "00 12 01 01 00 14 01 00 00 00 00 00 00 14 aa 00 00 00 00 10",
                initiator.read("43 00 00 00 00 00 00 00 14 00", 20).hex());
        assertEquals(
                "00 12 01 01 00 14 01 00 00 00 02 00 00 14 aa 00 00 00 02 10",
                initiator.read("43 02 00 00 00 00 00 00 14 00", 20).hex(),
                "in minutes, seconds and frames");
        assertEquals(
                "00 0a 01 01 00 14 01 00 00 00 00 00",
                initiator.read("43 00 01 00 00 00 00 00 0c 00", 12).hex(),
                "the last session");
        assertEquals(
                "00 0a 01 01 00 14 01 00 00 00 00 00",
                initiator.read("43 00 00 00 00 00 00 00 0c 40", 12).hex(),
                "as drives before MMC were asked");
        fails("24 00", "43 00 00 00 00 00 02 00 14 00");
    }

    @Test
    void theProfileIsThatOfTheDisc() {
        assertEquals("00 08", profile());
        change(new NullDisk("dvd", 0x4000_0000, true));
        assertEquals("00 10", profile());
        change(null);
        assertEquals("00 00", profile());
    }

    @Test
    void onlyADvdHasTheStructureOfOne() {
        String physical = "ad 00 00 00 00 00 00 00 08 04 00 00";
        fails("30 02", physical);
        change(new NullDisk("dvd", 0x4000_0000, true));
        assertEquals(
                "08 02 00 00 01 0f 01 00 00 03 00 00 00 0a ff ff 00 00 00 00",
                initiator.read(physical, 2052).hex().substring(0, 59));
    }

    @Test
    void theCapabilitiesPageShowsTheLock() {
        String page = "5a 08 2a 00 00 00 00 00 40 00";
        assertEquals("29", initiator.read(page, 64).hex().substring(3 * 14, 3 * 14 + 2));
        initiator.send(PREVENT);
        assertEquals("2b", initiator.read(page, 64).hex().substring(3 * 14, 3 * 14 + 2));
    }

    @Test
    void itIsARemovableMultimediaDevice() {
        String inquiry = initiator.read("12 00 00 00 24 00", 36).hex();
        assertTrue(inquiry.startsWith("05 80"), inquiry);
    }

    @Test
    void itIsKnownByItsSerialNumberWhateverTheDisc() {
        Initiator named = Initiator.of(new CdRomDrive(DiskIdentity.DEFAULT.withSerial("DRIVE7"), () -> onTray));

        assertEquals(
                "05 00 00 04 00 80 83 87", named.read("12 01 00 00 ff 00", 255).hex());
        assertEquals(
                "05 80 00 06 44 52 49 56 45 37",
                named.read("12 01 80 00 ff 00", 255).hex());
        byte[] names = named.read("12 01 83 00 ff 00", 255).data();
        assertEquals("02 01 00 1e", HexFormat.ofDelimiter(" ").formatHex(names, 4, 8));
        assertEquals("VMM     VIRTUAL DISK    DRIVE7", new String(names, 8, 30, StandardCharsets.US_ASCII));

        named.send(EJECT);
        assertArrayEquals(names, named.read("12 01 83 00 ff 00", 255).data());
    }

    @Test
    void whoHasGonePreventsNothing() {
        initiator.send(PREVENT);
        initiator.nexus.close(() -> {});
        assertFalse(drive.isLocked());
    }

    private String profile() {
        return initiator.read("46 00 00 00 00 00 00 00 08 00", 8).hex().substring(18);
    }

    private void change(@Nullable BlockDevice disc) {
        drive.pressEject(false);
        onTray = disc;
        drive.load();
        initiator.send(TEST_UNIT_READY);
        initiator.send(TEST_UNIT_READY);
    }

    private void fails(String code, String cdb) {
        Initiator.Result result = initiator.read(cdb, 4096);
        assertEquals(ScsiStatus.CHECK_CONDITION, result.status());
        assertEquals(code, result.senseHex().substring(36, 41));
    }
}
