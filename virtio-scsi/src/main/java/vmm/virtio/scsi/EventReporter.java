package vmm.virtio.scsi;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import vmm.scsi.LogicalUnit;
import vmm.scsi.ScsiBus;
import vmm.scsi.ScsiTarget;
import vmm.virtio.DescriptorChain;
import vmm.virtio.DeviceQueues;
import vmm.virtio.QueueServer;
import vmm.virtio.QueueSetup;

/**
 * The event queue from one activation to the next reset (virtio 1.3 5.6.6.3), and what its driver has subscribed to.
 * Loop thread only, but for {@link #open}.
 */
final class EventReporter {
    /** {@code sizeof(struct virtio_scsi_event)}: le32 event, u8 lun[8], le32 reason. */
    static final int EVENT_SIZE = 16;

    private static final int LUN = 4;
    private static final int REASON = 12;

    private static final int NO_EVENT = 0;
    private static final int TRANSPORT_RESET = 1;
    private static final int ASYNC_NOTIFY = 2;
    private static final int PARAM_CHANGE = 3;
    private static final int EVENTS_MISSED = 1 << 31;

    /** The peripheral device type of CD and DVD drives (SPC-5 6.7.2). */
    private static final int MMC_DEVICE = 5;

    private final ScsiBus bus;
    private final long features;
    private final Map<Long, Integer> subscriptions = new HashMap<>();
    private volatile @Nullable QueueServer queue;
    private boolean missed;

    /**
     * A reporter without a queue, to which events are lost.
     *
     * @param features what both sides agreed on
     */
    EventReporter(ScsiBus bus, long features) {
        this.bus = bus;
        this.features = features;
    }

    /** Takes the queue that the driver has set up. */
    void open(DeviceQueues served, QueueSetup setup, int longestChain) {
        queue = served.open(setup, longestChain, this::moreBuffers);
    }

    /** The driver may have brought a buffer for the word that events were lost. */
    private void moreBuffers() {
        if (missed) {
            put(NO_EVENT, 0, 0);
        }
    }

    /** Tells the driver, if it wants to know and has a buffer for it. */
    void report(HbaEvent event) {
        long lun = HbaAddress.encode(event.target(), event.lun());
        switch (event) {
            case HbaEvent.TransportReset reset -> {
                // virtio 1.3 5.6.6.3.2: who has not accepted HOTPLUG hears of resets only
                if (reset.reason() == HbaEvent.Reason.HARD || has(HbaFeatures.HOTPLUG)) {
                    put(TRANSPORT_RESET, lun, reset.reason().code());
                }
            }
            case HbaEvent.AsyncNotification notification -> {
                int subscribed = subscriptions.getOrDefault(lun, 0);
                int happened = subscribed & AsyncEvent.bits(notification.events());
                if (happened != 0) {
                    put(ASYNC_NOTIFY, lun, happened);
                }
            }
            case HbaEvent.ParameterChange change -> {
                // virtio 1.3 5.6.6.3.2: never for MMC devices, which have asynchronous notification
                if (has(HbaFeatures.CHANGE) && !isMmc(change.target(), change.lun())) {
                    put(PARAM_CHANGE, lun, change.code().asc() | change.code().ascq() << Byte.SIZE);
                }
            }
        }
    }

    private boolean has(long feature) {
        return (features & feature) != 0;
    }

    private boolean isMmc(int target, int lun) {
        ScsiTarget there = bus.target(target);
        LogicalUnit unit = there == null ? null : there.unit(lun);
        return unit != null && unit.deviceType() == MMC_DEVICE;
    }

    private void put(int event, long lun, int reason) {
        QueueServer open = queue;
        DescriptorChain buffer = open == null ? null : nextBuffer(open);
        if (open == null || buffer == null) {
            missed = true;
            return;
        }
        buffer.putInt(0, missed ? event | EVENTS_MISSED : event);
        buffer.putLong(LUN, HbaAddress.field(lun));
        buffer.putInt(REASON, reason);
        missed = false;
        open.complete(buffer.head(), EVENT_SIZE);
    }

    /** The next buffer that an event fits into, or null if there is none; then the driver rings when it brings one. */
    private static @Nullable DescriptorChain nextBuffer(QueueServer open) {
        while (true) {
            DescriptorChain buffer = open.poll();
            if (buffer == null) {
                if (!open.listenForMore()) {
                    return null;
                }
            } else if (buffer.writableBytes() >= EVENT_SIZE) {
                return buffer;
            } else {
                // virtio 1.3 5.6.6.3: a buffer that is too short is used for no event
                boolean word = buffer.writableBytes() >= Integer.BYTES;
                if (word) {
                    buffer.putInt(0, NO_EVENT);
                }
                open.complete(buffer.head(), word ? Integer.BYTES : 0);
            }
        }
    }

    /**
     * The driver subscribes to events of a logical unit, instead of what it had subscribed to before.
     *
     * @param lun the unit's address
     * @param requested what it wants to hear of
     * @return what of this it will hear of
     */
    int subscribe(long lun, LogicalUnit unit, int requested) {
        int granted = requested & AsyncEvent.possible(unit);
        if (granted == 0) {
            subscriptions.remove(lun);
        } else {
            subscriptions.put(lun, granted);
        }
        return granted;
    }
}
