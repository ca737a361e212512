package vmm.scsi.primary;

import java.util.Arrays;
import vmm.scsi.Cdb;
import vmm.scsi.ParameterData;
import vmm.scsi.ParameterList;
import vmm.scsi.ScsiStatus;
import vmm.scsi.ScsiTask;
import vmm.scsi.SenseCode;

/**
 * READ BUFFER and WRITE BUFFER (SPC-5 6.18, 6.49): memory to test the way to the logical unit with. Buffer 0 is one for
 * all initiators, the echo buffer is each one's own.
 */
final class Buffers {
    /** The size of each buffer in bytes. */
    static final int CAPACITY = 4096;

    // MODE
    private static final int DATA = 0x02;
    private static final int DESCRIPTOR = 0x03;
    private static final int ECHO = 0x0a;
    private static final int ECHO_DESCRIPTOR = 0x0b;

    private Buffers() {}

    /** READ BUFFER (10). */
    static void read(PrimaryNexus nexus, ScsiTask task) {
        Cdb cdb = task.cdb();
        int mode = cdb.u8(1) & 0x1f;
        int allocation = cdb.u24(6);
        switch (mode) {
            case DATA -> {
                if (fits(task, 0)) {
                    int offset = cdb.u24(3);
                    byte[] rest = Arrays.copyOfRange(nexus.unit().buffer(), offset, CAPACITY);
                    task.answer(new ParameterData().bytes(rest), allocation);
                }
            }
            case DESCRIPTOR -> {
                // SPC-5: a buffer that is not there has no capacity
                int capacity = cdb.u8(2) == 0 ? CAPACITY : 0;
                task.answer(new ParameterData().u8(0).u24(capacity), allocation);
            }
            case ECHO -> {
                byte[] written = nexus.echo();
                if (written.length == 0) {
                    task.fail(SenseCode.COMMAND_SEQUENCE_ERROR);
                } else {
                    task.answer(new ParameterData().bytes(written), allocation);
                }
            }
            case ECHO_DESCRIPTOR -> task.answer(new ParameterData().u16(0).u16(CAPACITY), allocation);
            default -> task.invalidField(1, 4);
        }
    }

    /** WRITE BUFFER. */
    static void write(PrimaryNexus nexus, ScsiTask task) {
        Cdb cdb = task.cdb();
        int mode = cdb.u8(1) & 0x1f;
        int length = cdb.u24(6);
        if (mode != DATA && mode != ECHO) {
            task.invalidField(1, 4);
            return;
        }
        if (mode == ECHO ? length > CAPACITY : !fits(task, length)) {
            if (mode == ECHO) {
                task.invalidField(6, ScsiTask.WHOLE_BYTE);
            }
            return;
        }
        ParameterList data = task.parameterList(length);
        if (data == null) {
            return;
        }
        if (mode == ECHO) {
            nexus.setEcho(data.bytes());
        } else {
            nexus.unit().writeBuffer(cdb.u24(3), data.bytes());
        }
        task.end(ScsiStatus.GOOD);
    }

    /** True if BUFFER ID and BUFFER OFFSET, and so many bytes from there, are in buffer 0; otherwise the task ended. */
    private static boolean fits(ScsiTask task, int length) {
        Cdb cdb = task.cdb();
        if (cdb.u8(2) != 0) {
            task.invalidField(2, ScsiTask.WHOLE_BYTE);
            return false;
        }
        if (cdb.u24(3) > CAPACITY) {
            task.invalidField(3, ScsiTask.WHOLE_BYTE);
            return false;
        }
        if (length > CAPACITY - cdb.u24(3)) {
            task.invalidField(6, ScsiTask.WHOLE_BYTE);
            return false;
        }
        return true;
    }
}
