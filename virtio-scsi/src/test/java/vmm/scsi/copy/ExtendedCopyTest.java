package vmm.scsi.copy;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import vmm.block.FakeDisk;
import vmm.scsi.DiskIdentity;
import vmm.scsi.Initiator;
import vmm.scsi.ScsiStatus;
import vmm.scsi.TaskFunction;
import vmm.scsi.TransportId;
import vmm.scsi.WorldWideName;
import vmm.scsi.block.DiskGeometry;
import vmm.scsi.block.ScsiDisk;
import vmm.scsi.primary.Registrant;
import vmm.scsi.reservation.ReservationType;

class ExtendedCopyTest {
    private static final int SIZE = 1 << 20;
    private static final int HOLD = 0x00;
    private static final int DISCARD = 0x10;
    private static final String STATUS = "84 00 %02x 00 00 00 00 00 00 00 00 00 01 00 00 00";

    private final FakeDisk source = new FakeDisk(SIZE);
    private final FakeDisk destination = new FakeDisk(SIZE);
    private final ScsiDisk to = disk(destination, "destination", 512);
    private final Initiator initiator = Initiator.of(disk(source, "source", 512));
    private final byte[] content = new byte[SIZE];

    ExtendedCopyTest() {
        new Random(4711).nextBytes(content);
        MemorySegment.copy(content, 0, source.content(), ValueLayout.JAVA_BYTE, 0, SIZE);
        attach(5, to);
    }

    private static ScsiDisk disk(FakeDisk medium, String serial, int block) {
        DiskIdentity identity = DiskIdentity.DEFAULT.withSerial(serial).withLocalName();
        return new ScsiDisk(medium, identity, new DiskGeometry(block, block), true);
    }

    /** One more logical unit, of which the initiator has heard. */
    private void attach(int lun, ScsiDisk disk) {
        initiator.target.attach(lun, disk);
        initiator.settle(0);
        initiator.settle(lun);
    }

    /** Asks a logical unit for its first designator, and describes it as a CSCD. */
    private byte[] cscd(int lun) {
        byte[] page = initiator.send(lun, "12 01 83 00 ff 00", new byte[0], 255).data();
        return ByteBuffer.allocate(32)
                .put((byte) 0xe4)
                .put(new byte[3])
                .put(page, 4, 4 + page[7])
                .array();
    }

    private static byte[] segment(int from, int to, int blocks, long fromLba, long toLba) {
        return ByteBuffer.allocate(28)
                .putInt(0x0200_0018)
                .putShort((short) from)
                .putShort((short) to)
                .putShort((short) 0)
                .putShort((short) blocks)
                .putLong(fromLba)
                .putLong(toLba)
                .array();
    }

    private static byte[] list(int id, int usage, int devices, byte[]... descriptors) {
        int length = Arrays.stream(descriptors).mapToInt(each -> each.length).sum();
        ByteBuffer list = ByteBuffer.allocate(16 + length)
                .put((byte) id)
                .put((byte) usage)
                .putShort((short) (32 * devices))
                .putInt(0)
                .putInt(length - 32 * devices)
                .putInt(0);
        for (byte[] descriptor : descriptors) {
            list.put(descriptor);
        }
        return list.array();
    }

    private static byte[] cdb(int length) {
        return ByteBuffer.allocate(16)
                .putShort((short) 0x8300)
                .putInt(10, length)
                .array();
    }

    private Initiator.Result copy(byte[] list) {
        return initiator.send(0, cdb(list.length), list, 0, 1);
    }

    private Initiator.Task start(byte[] list) {
        return initiator.start(0, cdb(list.length), list, 0, 1);
    }

    private static String sense(Initiator.Result result) {
        assertEquals(ScsiStatus.CHECK_CONDITION, result.status());
        byte[] sense = result.sense();
        return "%x %02x %02x".formatted(sense[2] & 0xf, sense[12], sense[13]);
    }

    private byte[] copied(int offset, int length) {
        return destination.content().asSlice(offset, length).toArray(ValueLayout.JAVA_BYTE);
    }

    @Test
    void aSegmentIsCopiedPieceByPieceToAnotherLogicalUnit() {
        byte[] list = list(1, DISCARD, 2, cscd(0), cscd(5), segment(0, 1, 1500, 3, 7));

        assertEquals(ScsiStatus.GOOD, copy(list).status());

        assertArrayEquals(Arrays.copyOfRange(content, 3 * 512, 1503 * 512), copied(7 * 512, 1500 * 512));
        assertEquals(0, copied(0, 512)[0]);
    }

    @Test
    void aDiskCanBeNamedByAnExtendedUniqueIdentifier() {
        DiskIdentity identity = new DiskIdentity(
                "VMM", "DISK", "1", "serial", Optional.of(WorldWideName.parse("eui.0011223344556677")));
        attach(6, new ScsiDisk(destination, identity, new DiskGeometry(512, 512), true));
        byte[] named = cscd(6);
        byte[] otherwise = named.clone();
        otherwise[5] = 3;

        assertEquals(2, named[5]);
        assertEquals(
                ScsiStatus.GOOD,
                copy(list(1, DISCARD, 2, cscd(0), named, segment(0, 1, 2, 0, 0)))
                        .status());
        assertArrayEquals(Arrays.copyOf(content, 2 * 512), copied(0, 2 * 512));
        assertEquals("a 0d 02", sense(copy(list(1, DISCARD, 2, cscd(0), otherwise, segment(0, 1, 2, 0, 0)))));
    }

    @Test
    void severalSegmentsAreCopiedInTheirOrder() {
        byte[] list = list(
                1,
                DISCARD,
                2,
                cscd(0),
                cscd(5),
                segment(0, 1, 1, 0, 0),
                segment(0, 1, 1, 9, 1),
                segment(1, 1, 2, 0, 4));

        assertEquals(ScsiStatus.GOOD, copy(list).status());

        assertArrayEquals(Arrays.copyOfRange(content, 0, 512), copied(4 * 512, 512));
        assertArrayEquals(Arrays.copyOfRange(content, 9 * 512, 10 * 512), copied(5 * 512, 512));
    }

    @Test
    void blocksOfOtherSizesAreCopiedIfTheyComeOutEven() {
        attach(6, disk(new FakeDisk(SIZE), "large", 4096));
        byte[] even = list(1, DISCARD, 2, cscd(0), cscd(6), segment(0, 1, 16, 0, 1));
        byte[] odd = list(1, DISCARD, 2, cscd(0), cscd(6), segment(0, 1, 15, 0, 1));

        assertEquals(ScsiStatus.GOOD, copy(even).status());
        assertEquals("a 26 0a", sense(copy(odd)));
        byte[] read = initiator
                .send(6, "28 00 00 00 00 01 00 00 01 00", new byte[0], 4096)
                .data();
        assertArrayEquals(Arrays.copyOf(content, 4096), read);
    }

    @Test
    void aNameThatNobodyHasIsNotReachable() {
        byte[] stranger = cscd(5);
        stranger[12] ^= 1;

        assertEquals("a 0d 02", sense(copy(list(1, DISCARD, 2, cscd(0), stranger, segment(0, 1, 1, 0, 0)))));
        assertEquals("a 0d 02", sense(copy(list(1, DISCARD, 1, cscd(0), segment(0, 1, 1, 0, 0)))));
    }

    @Test
    void blocksThatAreNotThereAreNotCopied() {
        byte[] beyond = list(1, DISCARD, 2, cscd(0), cscd(5), segment(0, 1, 2, 0, SIZE / 512 - 1));

        assertEquals("a 00 00", sense(copy(beyond)));
        assertEquals(0, copied(SIZE - 512, 512)[0]);
    }

    @Test
    void whatOthersHaveReservedIsClosedToACopyToo() {
        Registrant holder = new Registrant(to, 0x22, TransportId.unnamed());
        holder.register();
        holder.reserve(ReservationType.WRITE_EXCLUSIVE);
        byte[] list = list(1, DISCARD, 2, cscd(0), cscd(5), segment(0, 1, 1, 0, 0));

        assertEquals("a 0d 01", sense(copy(list)));
        assertEquals(0, copied(0, 512)[0]);
    }

    @Test
    void anErrorOfAMediumEndsTheCopy() {
        source.failAt(600 * 512, 512, 5);
        byte[] list = list(1, DISCARD, 2, cscd(0), cscd(5), segment(0, 1, 1000, 0, 0));

        assertEquals("a 0d 01", sense(copy(list)));
    }

    @Test
    void anAbortEndsTheCopyBetweenTwoPieces() {
        byte[] list = list(1, DISCARD, 2, cscd(0), cscd(5), segment(0, 1, 2000, 0, 0));
        source.hold();
        Initiator.Task task = start(list);
        initiator.loop.runUntilIdle();
        boolean[] answered = {false};

        initiator.nexus.manage(TaskFunction.ABORT_TASK, 0, 1, response -> answered[0] = true);
        assertFalse(task.ended());
        source.release();
        initiator.loop.runUntilIdle();

        assertTrue(task.ended());
        assertTrue(task.aborted());
        assertTrue(answered[0]);
        assertEquals(0, copied(1999 * 512, 512)[0]);
    }

    @Test
    void theResultIsKeptForOneQuestion() {
        byte[] list = list(7, HOLD, 2, cscd(0), cscd(5), segment(0, 1, 4, 0, 0));
        assertEquals("5 24 00", sense(initiator.read(STATUS.formatted(7), 256)));

        copy(list);

        assertEquals(
                "00 00 00 08 01 00 01 00 00 00 08 00",
                initiator.read(STATUS.formatted(7), 256).hex());
        assertEquals("5 24 00", sense(initiator.read(STATUS.formatted(7), 256)));
    }

    @Test
    void whileACopyRunsItsIdentifierIsTakenAndItsStatusIsTold() {
        byte[] list = list(7, HOLD, 2, cscd(0), cscd(5), segment(0, 1, 4, 0, 0));
        source.hold();
        Initiator.Task task = start(list);
        initiator.loop.runUntilIdle();

        assertEquals("5 00 16", sense(copy(list)));
        assertEquals(
                "00 00 00 08 00 00 00 00 00 00 00 00",
                initiator.read(STATUS.formatted(7), 256).hex());
        source.release();
        initiator.loop.runUntilIdle();
        assertEquals(ScsiStatus.GOOD, task.status());
    }

    @Test
    void listsThatLieAreRefused() {
        byte[] good = list(1, DISCARD, 2, cscd(0), cscd(5), segment(0, 1, 1, 0, 0));

        assertEquals("5 1a 00", sense(copy(Arrays.copyOf(good, good.length - 1))));
        assertEquals("5 1a 00", sense(copy(Arrays.copyOf(good, 15))));
        good[11] = (byte) (good[11] + 8);
        assertEquals("5 1a 00", sense(copy(good)));
        assertEquals(ScsiStatus.GOOD, copy(new byte[0]).status());
    }

    @Test
    void theNewFormOfTheCommandCopiesToo() {
        byte[] old = list(1, DISCARD, 2, cscd(0), cscd(5), segment(0, 1, 3, 0, 0));
        byte[] list = ByteBuffer.allocate(old.length + 32)
                .putShort((short) 0x0100)
                .putShort((short) 0x20)
                .put(16, (byte) 0xff)
                .putInt(20, 0x1234_5678)
                .putShort(42, (short) 64)
                .putShort(44, (short) 28)
                .position(48)
                .put(old, 16, old.length - 16)
                .array();
        byte[] cdb = cdb(list.length);
        cdb[1] = 1;

        assertEquals(ScsiStatus.GOOD, initiator.send(0, cdb, list, 0, 1).status());

        assertArrayEquals(Arrays.copyOf(content, 1536), copied(0, 1536));
        String status = initiator
                .read("84 05 12 34 56 78 00 00 00 00 00 00 01 00 00 00", 256)
                .hex();
        assertTrue(status.startsWith("00 00 00 1c 01 01"), status);
        assertEquals(HexFormat.ofDelimiter(" ").parseHex(status).length, 32);
    }
}
