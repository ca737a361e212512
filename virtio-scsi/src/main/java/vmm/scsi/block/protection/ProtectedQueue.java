package vmm.scsi.block.protection;

import java.util.ArrayDeque;
import vmm.block.BlockQueue;
import vmm.block.BlockRequest;
import vmm.block.ExtentQuery;
import vmm.event.EventLoop;

/** One loop's way to a {@link ProtectedMedium}. Loop thread only. */
final class ProtectedQueue implements BlockQueue {
    private final ProtectedMedium medium;
    private final BlockQueue data;
    private final BlockQueue information;
    private final ArrayDeque<ProtectedTransfer> free = new ArrayDeque<>();

    ProtectedQueue(ProtectedMedium medium, EventLoop loop) {
        this.medium = medium;
        this.data = medium.data().openQueue(loop);
        this.information = medium.information().openQueue(loop);
    }

    ProtectedMedium medium() {
        return medium;
    }

    BlockQueue data() {
        return data;
    }

    BlockQueue information() {
        return information;
    }

    @Override
    public void submit(BlockRequest request) {
        int errno = request.begin(medium);
        if (errno != 0) {
            request.end(errno);
            return;
        }
        ProtectedTransfer transfer = free.poll();
        (transfer == null ? new ProtectedTransfer(this) : transfer).start(request);
    }

    void free(ProtectedTransfer transfer) {
        free.push(transfer);
    }

    @Override
    public void query(ExtentQuery query) {
        data.query(query);
    }

    @Override
    public void drain(boolean on) {
        data.drain(on);
        information.drain(on);
    }
}
