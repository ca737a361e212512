package vmm.virtio;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import org.jspecify.annotations.Nullable;

/** A worker has answered a doorbell. One object serves a queue for its whole life, so nothing is allocated. */
@Name("vmm.Doorbell")
@Label("Doorbell")
@Description("The driver notified a queue, and the device took what it found there")
@Category({"VMM", "virtio"})
@StackTrace(false)
final class DoorbellEvent extends Event {
    @Label("Device")
    @Nullable
    String device;

    @Label("Queue")
    int queue;

    @Label("Chains Handled")
    int chains;
}
