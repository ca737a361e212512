package vmm.scsi.copy;

import java.lang.foreign.MemorySegment;
import vmm.scsi.Cdb;
import vmm.scsi.ItNexus;
import vmm.scsi.ScsiStatus;
import vmm.scsi.ScsiTask;
import vmm.scsi.SenseKey;
import vmm.scsi.TaskAttribute;

/**
 * The commands of a copy manager, one at a time: to a source or destination it is an initiator like any other, so
 * reservations, write protection and COMPARE AND WRITE hold for it as for them. Loop thread only.
 */
final class CopyAgent extends ScsiTask {
    /** How many unit attentions are heard before one counts as the answer: more than there are kinds. */
    private static final int PATIENCE = 32;

    private static final int READ_16 = 0x88;
    private static final int WRITE_16 = 0x8a;
    private static final int SERVICE_ACTION_IN_16 = 0x9e;
    private static final int READ_CAPACITY_16 = 0x10;

    private final Runnable next;
    private final byte[] cdb = new byte[16];
    private ItNexus nexus;
    private int lun;
    private boolean out;
    private long address;
    private long length;
    private int patience;

    /**
     * An agent without work.
     *
     * @param next called when a command has ended, on a turn of its own
     */
    CopyAgent(ItNexus nexus, Runnable next) {
        super(1);
        this.nexus = nexus;
        this.next = next;
    }

    /** READ CAPACITY (16), of which the first {@code room} bytes go to {@code buffer}. */
    void readCapacity(ItNexus to, int unit, MemorySegment buffer, int room) {
        describe(SERVICE_ACTION_IN_16, READ_CAPACITY_16, 0, room);
        send(to, unit, false, buffer.address(), room);
    }

    /** READ (16). */
    void read(CopyDevice device, long offset, MemorySegment buffer, long bytes) {
        describe(READ_16, 0, offset / device.blockLength(), bytes / device.blockLength());
        send(device.nexus(), device.lun(), false, buffer.address(), bytes);
    }

    /** WRITE (16). */
    void write(CopyDevice device, long offset, MemorySegment buffer, long bytes) {
        describe(WRITE_16, 0, offset / device.blockLength(), bytes / device.blockLength());
        send(device.nexus(), device.lun(), true, buffer.address(), bytes);
    }

    private void describe(int operationCode, int byte1, long lba, long count) {
        cdb[0] = (byte) operationCode;
        cdb[1] = (byte) byte1;
        for (int i = 0; i < Long.BYTES; i++) {
            cdb[2 + i] = (byte) (lba >>> (Long.SIZE - 8 - 8 * i));
        }
        for (int i = 0; i < Integer.BYTES; i++) {
            cdb[10 + i] = (byte) (count >>> (Integer.SIZE - 8 - 8 * i));
        }
    }

    private void send(ItNexus to, int unit, boolean toDevice, long buffer, long bytes) {
        nexus = to;
        lun = unit;
        out = toDevice;
        address = buffer;
        length = bytes;
        patience = PATIENCE;
        again();
    }

    private void again() {
        Cdb block = cdb();
        block.set(cdb);
        dataIn().clear();
        dataOut().clear();
        (out ? dataOut() : dataIn()).add(address, length);
        identify(0, TaskAttribute.SIMPLE);
        nexus.execute(lun, this);
    }

    @Override
    protected void completed() {
        // A device that answers at once would otherwise pile the whole copy up on the stack.
        nexus.loop().post(this::heard);
    }

    private void heard() {
        boolean attention = status() == ScsiStatus.CHECK_CONDITION && sense().key() == SenseKey.UNIT_ATTENTION.code();
        if (attention && patience-- > 0) {
            again();
        } else {
            next.run();
        }
    }

    /** True if the command has done what it should. */
    boolean succeeded() {
        return status() == ScsiStatus.GOOD && !overrun() && !aborted();
    }
}
