package vmm.scsi;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.HexFormat;
import vmm.block.FakeDisk;
import vmm.event.SteppedEventLoop;
import vmm.scsi.block.DiskGeometry;
import vmm.scsi.block.ScsiDisk;
import vmm.scsi.primary.PrimaryUnits;

/** An initiator without a transport: sends commands to one target and waits for their end. */
public final class Initiator {
    /** How a command ended. */
    public static final class Result {
        private final Task task;

        Result(Task task) {
            this.task = task;
        }

        public ScsiStatus status() {
            return task.status();
        }

        public boolean overrun() {
            return task.overrun();
        }

        public long residual() {
            return task.residual();
        }

        public byte[] sense() {
            return Arrays.copyOf(task.sense().bytes(), task.sense().length());
        }

        /** What was written to the data-in buffer. */
        public byte[] data() {
            return task.in.asSlice(0, task.transferredIn()).toArray(JAVA_BYTE);
        }

        public String hex() {
            return HexFormat.ofDelimiter(" ").formatHex(data());
        }

        public String senseHex() {
            return HexFormat.ofDelimiter(" ").formatHex(sense());
        }
    }

    /** A command that has been sent. */
    public static final class Task extends ScsiTask {
        private final MemorySegment out;
        private final MemorySegment in;
        private boolean ended;

        public Task(byte[] out, int inLength, int pieces) {
            super(Math.max(1, pieces) + 1);
            this.out = Arena.ofAuto().allocate(Math.max(1, out.length));
            MemorySegment.copy(out, 0, this.out, JAVA_BYTE, 0, out.length);
            this.in = Arena.ofAuto().allocate(Math.max(1, inLength));
            scatter(this.out, out.length, pieces, true);
            scatter(in, inLength, pieces, false);
        }

        private void scatter(MemorySegment segment, int length, int pieces, boolean out) {
            int step = Math.max(1, length / pieces);
            for (int at = 0; at < length; ) {
                boolean last = (out ? dataOut() : dataIn()).count() == pieces - 1;
                int size = last ? length - at : Math.min(step, length - at);
                (out ? dataOut() : dataIn()).add(segment.address() + at, size);
                at += size;
            }
        }

        @Override
        protected void completed() {
            ended = true;
        }

        public boolean ended() {
            return ended;
        }
    }

    public final SteppedEventLoop loop = new SteppedEventLoop();
    public final ScsiTarget target = new ScsiTarget(PrimaryUnits.SHARED);
    public final ItNexus nexus;

    /** An initiator of a target with no logical units. */
    public Initiator() {
        this(TransportId.unnamed());
    }

    private Initiator(TransportId name) {
        nexus = target.connect(loop, name);
    }

    /** A target with this logical unit as LUN 0, and an initiator that has heard of its power on. */
    public static Initiator of(LogicalUnit unit) {
        Initiator initiator = new Initiator();
        initiator.target.attach(0, unit);
        initiator.settle(0);
        return initiator;
    }

    /** The same, of an initiator that has a name. */
    public static Initiator named(ScsiDisk disk, TransportId name) {
        Initiator initiator = new Initiator(name);
        initiator.target.attach(0, disk);
        initiator.settle(0);
        return initiator;
    }

    public static ScsiDisk disk(FakeDisk medium) {
        return new ScsiDisk(medium, DiskIdentity.DEFAULT.withSerial("drive0"), DiskGeometry.DEFAULT, true);
    }

    /** Hears what unit attention conditions there are. */
    public void settle(int lun) {
        while (send(lun, "00 00 00 00 00 00", new byte[0], 0).status() == ScsiStatus.CHECK_CONDITION) {
            // The next one.
        }
    }

    public Result send(String cdb) {
        return send(0, cdb, new byte[0], 0);
    }

    public Result read(String cdb, int room) {
        return send(0, cdb, new byte[0], room);
    }

    public Result write(String cdb, byte[] data) {
        return send(0, cdb, data, 0);
    }

    public Result send(int lun, String cdb, byte[] out, int room) {
        return send(lun, HexFormat.ofDelimiter(" ").parseHex(cdb), out, room, 1);
    }

    public Result send(int lun, byte[] cdb, byte[] out, int room, int pieces) {
        Task task = start(lun, cdb, out, room, pieces);
        loop.runUntilIdle();
        if (!task.ended()) {
            throw new AssertionError("The command did not end.");
        }
        return new Result(task);
    }

    public Task start(int lun, byte[] cdb, byte[] out, int room, int pieces) {
        Task task = new Task(out, room, pieces);
        task.cdb().set(cdb);
        task.identify(1, TaskAttribute.SIMPLE);
        nexus.execute(lun, task);
        return task;
    }
}
