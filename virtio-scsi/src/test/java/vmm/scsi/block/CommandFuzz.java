package vmm.scsi.block;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import org.junit.jupiter.api.Test;
import vmm.block.FakeDisk;
import vmm.block.StorageSpace;
import vmm.fuzz.SeededInputs;
import vmm.scsi.Initiator;
import vmm.scsi.ScsiStatus;
import vmm.scsi.SupportedCommand;

/** Commands as any initiator may send them, one after the other to the same disk. */
class CommandFuzz {
    private static final int DISK_BYTES = 64 << 10;
    private static final int LONGEST_CDB = 40;
    private static final int MOST_COMMANDS = 24;
    private static final int MOST_DATA = 9000;
    private static final int MOST_PIECES = 5;

    private final SupportedCommand<?>[] known =
            DiskCommands.serverFor(disk()).table().commands().toArray(SupportedCommand[]::new);

    /** A disk that has all there is: it is thin, and its storage can be watched. */
    private static ScsiDisk disk() {
        FakeDisk medium = new FakeDisk(DISK_BYTES);
        medium.takeUp(new StorageSpace(DISK_BYTES, DISK_BYTES));
        return Initiator.disk(medium);
    }

    @FuzzTest
    void anyCommandEndsOnceWithinItsBuffers(FuzzedDataProvider data) {
        Initiator initiator = Initiator.of(disk());
        for (int i = 0; i < MOST_COMMANDS && data.remainingBytes() > 0; i++) {
            byte[] cdb = cdb(data);
            byte[] out = new byte[data.consumeInt(0, MOST_DATA)];
            byte[] given = data.consumeBytes(Math.min(out.length, 256));
            System.arraycopy(given, 0, out, 0, given.length);
            int room = data.consumeInt(0, MOST_DATA);
            int lun = data.consumeBoolean() ? 0 : data.consumeInt(-1, 0xffff);

            Initiator.Result result = initiator.send(lun, cdb, out, room, data.consumeInt(1, MOST_PIECES));

            assertTrue(result.residual() >= 0 && result.residual() <= out.length + room);
            assertEquals(result.status() == ScsiStatus.CHECK_CONDITION, result.sense().length != 0);
            if (result.overrun()) {
                assertEquals(out.length + room, result.residual());
            }
        }
    }

    /** Any bytes, or a known command with any parameters. */
    private byte[] cdb(FuzzedDataProvider data) {
        byte[] cdb = data.consumeBytes(data.consumeInt(0, LONGEST_CDB));
        if (cdb.length > 1 && data.consumeBoolean()) {
            SupportedCommand<?> command = data.pickValue(known);
            byte[] usage = command.usage();
            cdb[0] = usage[0];
            if (command.hasServiceAction()) {
                int at = usage[0] == 0x7f ? 9 : 1;
                if (cdb.length > at) {
                    cdb[at] = usage[at];
                }
            }
        }
        return cdb;
    }

    @Test
    void seededInputs() {
        SeededInputs.run(CommandFuzz.class, 2000, this::anyCommandEndsOnceWithinItsBuffers);
    }
}
