package vmm.virtio.blk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import vmm.block.BlockDevice;
import vmm.block.FakeDisk;
import vmm.block.NullDisk;
import vmm.block.StorageLifetime;
import vmm.event.SteppedEventLoop;

/** What a driver sees of a disk before it asks for anything. */
class BlkConfigSpaceTest {
    private static final long EVERY_DISK = BlkFeatures.SIZE_MAX
            | BlkFeatures.SEG_MAX
            | BlkFeatures.GEOMETRY
            | BlkFeatures.BLK_SIZE
            | BlkFeatures.FLUSH
            | BlkFeatures.TOPOLOGY
            | BlkFeatures.CONFIG_WCE;

    private static final BlkConfig PLAIN = BlkConfig.of("drive0", "");

    private static VirtioBlkDevice device(BlockDevice disk, BlkConfig config) {
        return new VirtioBlkDevice(new SteppedEventLoop(), disk, config);
    }

    private static VirtioBlkDevice device(long size, BlkConfig config) {
        return device(new NullDisk("null", size, false), config);
    }

    private static long features(BlockDevice disk, BlkConfig config) {
        return device(disk, config).features() & ~config.rings().bits();
    }

    @Test
    void fieldsAreWhereTheSpecificationHasThem() {
        FakeDisk disk = new FakeDisk(1 << 20);
        disk.discardIn(64 << 10);
        BlkConfig config = PLAIN.withLayout(
                        new BlkLayout(512, 4096, 1 << 20, Optional.of(new ChsGeometry(1025, 33, 7))))
                .withQueues(3, 128);
        VirtioBlkDevice device = device(disk, config);
        assertEquals(2, device.type());
        assertEquals(72, device.configSize());
        assertEquals(2048, device.readConfig(0, 8));
        assertEquals(0x7fff_f000, device.readConfig(8, 4));
        assertEquals(126, device.readConfig(12, 4));
        assertEquals(1025, device.readConfig(16, 2));
        assertEquals(33, device.readConfig(18, 1));
        assertEquals(7, device.readConfig(19, 1));
        assertEquals(512, device.readConfig(20, 4));
        assertEquals(3, device.readConfig(24, 1));
        assertEquals(0, device.readConfig(25, 1));
        assertEquals(8, device.readConfig(26, 2));
        assertEquals(2048, device.readConfig(28, 4));
        assertEquals(1, device.readConfig(32, 1));
        assertEquals(0, device.readConfig(33, 1));
        assertEquals(3, device.readConfig(34, 2));
        assertEquals(1 << 22, device.readConfig(36, 4));
        assertEquals(64, device.readConfig(40, 4));
        assertEquals(128, device.readConfig(44, 4));
        assertEquals(1 << 22, device.readConfig(48, 4));
        assertEquals(64, device.readConfig(52, 4));
        assertEquals(1, device.readConfig(56, 4));
        assertEquals(1 << 22, device.readConfig(60, 4));
        assertEquals(64, device.readConfig(64, 4));
        assertEquals(1, device.readConfig(68, 4));
        assertArrayEquals(new int[] {128, 128, 128}, device.queueSizes());
    }

    @Test
    void aCapacityOfMoreThan32BitsIsReadInAnyPieces() {
        VirtioBlkDevice device = device((1L << 45) + 512, PLAIN);
        assertEquals((1L << 36) + 1, device.readConfig(0, 8));
        assertEquals(1, device.readConfig(0, 4));
        assertEquals(16, device.readConfig(4, 4));
        assertEquals(16, device.readConfig(4, 1));
    }

    @Test
    void nothingButTheCacheModeCanBeWritten() {
        VirtioBlkDevice device = device(1 << 20, PLAIN);
        for (int offset = 0; offset < device.configSize(); offset++) {
            if (offset != 32) {
                long before = device.readConfig(offset, 1);
                device.writeConfig(offset, 1, before + 1);
                assertEquals(before, device.readConfig(offset, 1), "offset " + offset);
            }
        }
        device.writeConfig(28, 8, 0);
        assertEquals(0, device.readConfig(32, 1));
        device.writeConfig(32, 1, 0xfe);
        assertEquals(1, device.readConfig(32, 1));
    }

    @Test
    void largeLogicalBlocksStillCountCapacityInSectorsAndEndWithAWholeBlock() {
        VirtioBlkDevice device = device(3 * 4096 + 512, PLAIN.withLayout(BlkLayout.of(4096, 4096)));
        assertEquals(24, device.readConfig(0, 8));
        assertEquals(4096, device.readConfig(20, 4));
        assertEquals(0, device.readConfig(24, 1));
        assertEquals(1, device.readConfig(26, 2));
        assertEquals(8, device.readConfig(44, 4));
        assertEquals(8, device.readConfig(68, 4));
    }

    @Test
    void theUsualGeometryIsThatOfAtaDisks() {
        assertEquals(new ChsGeometry(1, 16, 63), ChsGeometry.of(1, 512));
        assertEquals(new ChsGeometry(1, 16, 63), ChsGeometry.of(2 * 16 * 63 - 1, 512));
        assertEquals(new ChsGeometry(2, 16, 63), ChsGeometry.of(2 * 16 * 63, 512));
        assertEquals(new ChsGeometry(16383, 16, 63), ChsGeometry.of(1L << 40, 512));
        assertEquals(new ChsGeometry(2, 16, 56), ChsGeometry.of(2 * 16 * 56, 4096));
    }

    @Test
    void whatIsOfferedFitsTheDisk() {
        FakeDisk disk = new FakeDisk(1 << 20);
        assertEquals(EVERY_DISK | BlkFeatures.WRITE_ZEROES | BlkFeatures.DISCARD, features(disk, PLAIN));
        disk.discardIn(0);
        assertEquals(EVERY_DISK | BlkFeatures.WRITE_ZEROES, features(disk, PLAIN));
        assertEquals(0, device(disk, PLAIN).readConfig(56, 1));
        assertEquals(
                EVERY_DISK | BlkFeatures.WRITE_ZEROES | BlkFeatures.SECURE_ERASE | BlkFeatures.MQ,
                features(disk, PLAIN.withSecureErase(true).withQueues(2, 16)));
        disk.wear(new StorageLifetime(1, 2, 3));
        assertEquals(EVERY_DISK | BlkFeatures.WRITE_ZEROES | BlkFeatures.LIFETIME, features(disk, PLAIN));
        assertEquals(EVERY_DISK | BlkFeatures.RO, features(new FakeDisk(1 << 20, true), PLAIN.withSecureErase(true)));
    }

    @Test
    void aConfigurationOutsideItsRangesIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> BlkConfig.of("d", "123456789012345678901"));
        assertThrows(IllegalArgumentException.class, () -> BlkConfig.of("d", "\u00e4"));
        assertThrows(IllegalArgumentException.class, () -> BlkLayout.of(1024, 4096));
        assertThrows(IllegalArgumentException.class, () -> BlkLayout.of(4096, 512));
        assertThrows(IllegalArgumentException.class, () -> BlkLayout.of(512, 768));
        assertThrows(IllegalArgumentException.class, () -> new BlkLayout(4096, 4096, 512, Optional.empty()));
        assertThrows(IllegalArgumentException.class, () -> new ChsGeometry(65536, 16, 63));
        assertThrows(IllegalArgumentException.class, () -> BlkConfig.of("d", "").withQueues(0, 128));
        assertThrows(IllegalArgumentException.class, () -> BlkConfig.of("d", "").withQueues(1, 100));
        assertThrows(IllegalArgumentException.class, () -> BlkConfig.of("d", "").withQueues(1, 2048));
        assertThrows(IllegalArgumentException.class, () -> BlkConfig.of("d", "").withQueues(1, 2));
    }
}
