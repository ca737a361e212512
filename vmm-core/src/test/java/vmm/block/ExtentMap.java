package vmm.block;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import vmm.event.SteppedEventLoop;

/** How a disk keeps its data, asked from the beginning to the end. */
public final class ExtentMap extends ExtentQuery {
    /** The state of {@code bytes} that follow those before. */
    public record Stretch(State state, long bytes) {}

    private final List<Stretch> stretches = new ArrayList<>();
    private boolean answered;

    private ExtentMap() {}

    /** Asks, and puts together what is alike. */
    public static List<Stretch> of(BlockDevice disk) {
        try (SteppedEventLoop loop = new SteppedEventLoop()) {
            ExtentMap map = new ExtentMap();
            BlockQueue queue = disk.openQueue(loop);
            for (long at = 0; at < disk.size(); at += map.last()) {
                map.answered = false;
                map.prepare(at, disk.size() - at);
                queue.query(map);
                while (!map.answered) {
                    if (!loop.step()) {
                        LockSupport.parkNanos(20_000);
                    }
                }
            }
            return map.merged();
        }
    }

    private long last() {
        return stretches.getLast().bytes;
    }

    private List<Stretch> merged() {
        List<Stretch> merged = new ArrayList<>();
        for (Stretch stretch : stretches) {
            if (!merged.isEmpty() && merged.getLast().state == stretch.state) {
                merged.add(new Stretch(stretch.state, merged.removeLast().bytes + stretch.bytes));
            } else {
                merged.add(stretch);
            }
        }
        return merged;
    }

    @Override
    protected void answered(int errno, State state, long bytes) {
        if (errno != 0) {
            throw new AssertionError("The disk answers with error number " + errno + ".");
        }
        stretches.add(new Stretch(state, bytes));
        answered = true;
    }
}
