package vmm.scsi.copy;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import vmm.scsi.ScsiStatus;
import vmm.scsi.ScsiTask;
import vmm.scsi.SenseCode;

/**
 * A copy on its way: finds out what its devices are, then goes through the segments, piece by piece through the
 * command's scratch buffer. Between two pieces it looks whether anybody still wants it. Loop thread only.
 */
final class CopyOperation {
    private enum Step {
        MEASURING,
        READING,
        WRITING
    }

    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final int CAPACITY_BYTES = 32;

    private final CopyManager manager;
    private final ScsiTask task;
    private final CopyRequest request;
    private final CopyStatus status;
    private final CopyAgent agent;
    private final MemorySegment buffer;
    private final List<CopyManager.Place> places = new ArrayList<>();
    private final List<CopyDevice> devices = new ArrayList<>();

    private Step step = Step.MEASURING;
    private int segment;
    private long from;
    private long to;
    private long left;
    private long piece;

    /** A copy that has not begun. The task has a scratch buffer. */
    CopyOperation(CopyManager manager, ScsiTask task, CopyRequest request, CopyStatus status) {
        this.manager = manager;
        this.task = task;
        this.request = request;
        this.status = status;
        this.agent = new CopyAgent(manager.nexus(), this::next);
        this.buffer = task.medium().scratch();
    }

    void begin() {
        for (CscdDescriptor device : request.devices()) {
            CopyManager.Place place = manager.find(device);
            if (place == null) {
                fail(SenseCode.COPY_TARGET_DEVICE_NOT_REACHABLE);
                return;
            }
            places.add(place);
        }
        measure();
    }

    private void next() {
        if (task.aborted()) {
            status.abort();
            manager.ended(request, true);
            task.end(ScsiStatus.TASK_ABORTED);
            return;
        }
        if (!agent.succeeded()) {
            fail(SenseCode.THIRD_PARTY_DEVICE_FAILURE);
            return;
        }
        switch (step) {
            case MEASURING -> measured();
            case READING -> {
                step = Step.WRITING;
                agent.write(destination(), to, buffer, piece);
            }
            case WRITING -> {
                from += piece;
                to += piece;
                left -= piece;
                status.moved(piece);
                move();
            }
        }
    }

    private void measure() {
        if (devices.size() == places.size()) {
            segment();
            return;
        }
        CopyManager.Place place = places.get(devices.size());
        agent.readCapacity(place.nexus(), place.lun(), buffer, CAPACITY_BYTES);
    }

    private void measured() {
        CopyManager.Place place = places.get(devices.size());
        int expected = request.devices().get(devices.size()).blockLength();
        int blockLength = buffer.get(INT, 8);
        if (Integer.bitCount(blockLength) != 1 || (expected != 0 && expected != blockLength)) {
            fail(SenseCode.INCORRECT_COPY_TARGET_DEVICE_TYPE);
            return;
        }
        devices.add(new CopyDevice(place.nexus(), place.lun(), blockLength, buffer.get(LONG, 0) + 1));
        measure();
    }

    /** Begins the next segment, or ends the copy after the last. */
    private void segment() {
        if (segment == request.segments().size()) {
            status.end(true);
            manager.ended(request, true);
            task.end(ScsiStatus.GOOD);
            return;
        }
        SegmentDescriptor next = request.segments().get(segment);
        if (next.source() >= devices.size() || next.destination() >= devices.size()) {
            fail(SenseCode.COPY_TARGET_DEVICE_NOT_REACHABLE);
            return;
        }
        CopyDevice source = source();
        CopyDevice destination = destination();
        left = next.inBlocks()
                ? next.length() * (next.ofDestination() ? destination : source).blockLength()
                : next.length();
        from = source.locate(next.sourceLba(), next.sourceOffset(), left);
        to = destination.locate(next.destinationLba(), next.destinationOffset(), left);
        int unit = Math.max(source.blockLength(), destination.blockLength());
        if (from < 0 || to < 0) {
            // SPC-5 has no code for blocks that are not there
            fail(SenseCode.COPY_ABORTED);
        } else if (left > CopyLimits.SEGMENT_LENGTH) {
            fail(SenseCode.COPY_SEGMENT_GRANULARITY_VIOLATION);
        } else if (left % unit != 0 || from % source.blockLength() != 0 || to % destination.blockLength() != 0) {
            fail(SenseCode.UNEXPECTED_INEXACT_SEGMENT);
        } else {
            move();
        }
    }

    private void move() {
        if (left == 0) {
            segment++;
            status.segmentDone();
            segment();
            return;
        }
        piece = Math.min(left, ScsiTask.SCRATCH_BYTES);
        step = Step.READING;
        agent.read(source(), from, buffer, piece);
    }

    private CopyDevice source() {
        return devices.get(request.segments().get(segment).source());
    }

    private CopyDevice destination() {
        return devices.get(request.segments().get(segment).destination());
    }

    private void fail(SenseCode code) {
        status.end(false);
        // The sense data tell what there is to tell.
        manager.ended(request, false);
        task.fail(code);
    }
}
