package vmm.block;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** The trace point of a disk request, from its start to its answer. */
@Name("vmm.BlockRequest")
@Label("Block Request")
@Description("One read, write or flush of a disk, as its backend saw it")
@Category("VMM")
@StackTrace(false)
final class BlockRequestEvent extends Event {
    /** Asked whether the trace point is open, so that an event is made only if it is. */
    static final BlockRequestEvent PROBE = new BlockRequestEvent();

    @Label("Disk")
    String disk = "";

    @Label("Operation")
    String operation = "";

    @Label("Offset")
    @DataAmount(DataAmount.BYTES)
    long offset;

    @Label("Bytes")
    @DataAmount(DataAmount.BYTES)
    long bytes;

    @Label("Error Number")
    @Description("0 if the request succeeded")
    int errno;
}
