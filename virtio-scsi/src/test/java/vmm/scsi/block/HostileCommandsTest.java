package vmm.scsi.block;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;
import vmm.block.FakeDisk;
import vmm.block.StorageSpace;
import vmm.scsi.Initiator;
import vmm.scsi.ScsiStatus;
import vmm.scsi.SupportedCommand;

class HostileCommandsTest {
    @Test
    void randomCdbsEndOnceWithinTheirBuffersAndNeverThrow() {
        FakeDisk medium = new FakeDisk(1 << 20);
        medium.takeUp(new StorageSpace(1 << 18, 1 << 19));
        ScsiDisk disk = Initiator.disk(medium);
        Initiator initiator = Initiator.of(disk);
        SupportedCommand<?>[] known =
                DiskCommands.serverFor(disk).table().commands().toArray(SupportedCommand[]::new);
        Random random = new Random(11);
        for (int i = 0; i < 50_000; i++) {
            byte[] cdb = new byte[random.nextInt(4) == 0 ? random.nextInt(33) : 32];
            random.nextBytes(cdb);
            if (cdb.length > 0 && random.nextInt(8) != 0) {
                cdb[0] = known[random.nextInt(known.length)].usage()[0];
            }
            // Small numbers reach further into the commands than large ones.
            for (int at = 1; at < cdb.length; at++) {
                if (random.nextInt(3) != 0) {
                    cdb[at] = (byte) (random.nextBoolean() ? 0 : random.nextInt(4));
                }
            }
            byte[] out = new byte[random.nextBoolean() ? 0 : random.nextInt(5000)];
            int room = out.length != 0 && random.nextInt(4) != 0 ? 0 : random.nextInt(5000);
            int lun = random.nextInt(16) == 0 ? random.nextInt(70000) - 1 : 0;

            Initiator.Result result = initiator.send(lun, cdb, out, room, 1 + random.nextInt(5));

            assertTrue(result.residual() >= 0 && result.residual() <= out.length + room);
            assertEquals(result.status() == ScsiStatus.CHECK_CONDITION, result.sense().length != 0);
            if (result.overrun()) {
                assertEquals(out.length + room, result.residual());
            }
        }
    }
}
