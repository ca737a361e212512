package vmm.block.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import vmm.block.BlockQueue;
import vmm.block.TestRequest;
import vmm.event.EventLoop;

/** A request that is made again when it ends, until it has been made often enough. */
final class Cyclist extends TestRequest {
    private static final int DEPTH = 8;

    private final BlockQueue queue;
    private final long address;
    private int left;

    private Cyclist(BlockQueue queue, int count) {
        super(4096);
        this.queue = queue;
        this.left = count;
        this.address = memory.address();
    }

    /** Makes {@code count} requests, eight at a time: mostly reads, some writes, few flushes. */
    static void cycle(EventLoop loop, BlockQueue queue, int count) {
        List<Cyclist> cyclists = new ArrayList<>();
        for (int i = 0; i < DEPTH; i++) {
            cyclists.add(new Cyclist(queue, count / DEPTH));
        }
        loop.post(() -> cyclists.forEach(Cyclist::go));
        for (Cyclist cyclist : cyclists) {
            assertEquals(0, cyclist.await());
        }
    }

    private void go() {
        data().clear();
        data().add(address, 1000);
        data().add(address + 1000, 3096);
        Operation operation = left % 50 == 0 ? Operation.FLUSH : left % 5 == 0 ? Operation.WRITE : Operation.READ;
        prepare(operation, (left & 255) * 4096L);
        queue.submit(this);
    }

    @Override
    public void completed(int errno) {
        left--;
        if (errno != 0 || left == 0) {
            this.errno = errno;
        } else {
            go();
        }
    }
}
