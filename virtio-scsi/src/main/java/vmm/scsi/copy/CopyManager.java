package vmm.scsi.copy;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import vmm.scsi.ItNexus;
import vmm.scsi.ScsiTarget;

/**
 * The copy manager (SPC-5) of a logical unit, as one nexus knows it: the copies that it has asked for, and the ways to
 * the devices that they are about. Loop thread of that nexus only.
 *
 * <p>Those ways have the name of the nexus, so what it has reserved is open to its copies and what is closed to it is
 * closed to them, but unit attentions of their own.
 */
public final class CopyManager {
    /** The most results that are kept until somebody asks: the oldest goes. */
    private static final int MOST_HELD = 64;

    /**
     * Where a device is.
     *
     * @param nexus the way to its target
     * @param lun its number there
     */
    record Place(ItNexus nexus, int lun) {}

    private final ItNexus nexus;
    private final Map<ScsiTarget, ItNexus> ways = new HashMap<>();
    private final Map<Long, CopyStatus> copies = new LinkedHashMap<>();
    private int running;

    /** The copy manager as {@code nexus} knows it. */
    public CopyManager(ItNexus nexus) {
        this.nexus = nexus;
    }

    ItNexus nexus() {
        return nexus;
    }

    /** Finds a device on the bus; null if nobody has that name. */
    @Nullable
    Place find(CscdDescriptor device) {
        for (ScsiTarget target : nexus.target().neighbours()) {
            int lun = target.find(device::names);
            if (lun >= 0) {
                return new Place(way(target), lun);
            }
        }
        return null;
    }

    private ItNexus way(ScsiTarget target) {
        return ways.computeIfAbsent(
                target, unknown -> unknown.connect(nexus.loop(), nexus.id().initiatorPort()));
    }

    /** True if there is room for another copy. */
    boolean mayBegin() {
        return running < CopyLimits.CONCURRENT_COPIES;
    }

    /** True if a copy of that list identifier is in progress. */
    boolean isBusy(CopyRequest request) {
        CopyStatus known = copies.get(request.listId());
        return request.identified() && known != null && known.inProgress();
    }

    /** A copy begins, in place of any former one of its list identifier. */
    void began(CopyRequest request, CopyStatus status) {
        running++;
        if (request.identified()) {
            copies.remove(request.listId());
            copies.put(request.listId(), status);
        }
    }

    /**
     * A copy has ended; its result is kept if somebody may ask for it.
     *
     * @param untold true if the command's own answer does not say all
     */
    void ended(CopyRequest request, boolean untold) {
        running--;
        if (!request.held() || !untold) {
            copies.remove(request.listId());
        }
        if (copies.size() > MOST_HELD) {
            copies.values().stream()
                    .filter(status -> !status.inProgress())
                    .findFirst()
                    .ifPresent(copies.values()::remove);
        }
    }

    /** The copy of that list identifier, which is forgotten if it has ended; null if there is none. */
    @Nullable
    CopyStatus ask(long listId) {
        CopyStatus known = copies.get(listId);
        if (known != null && !known.inProgress()) {
            copies.remove(listId);
        }
        return known;
    }

    /** The nexus is gone: nobody will ask. */
    public void close() {
        copies.clear();
        ways.values().forEach(way -> way.close(() -> {}));
        ways.clear();
    }
}
