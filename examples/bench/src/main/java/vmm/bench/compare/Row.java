package vmm.bench.compare;

import java.util.ArrayList;
import java.util.List;
import vmm.bench.Bus;

/**
 * One kind of load.
 *
 * @param bus the device that carries it
 * @param access {@code randread}, {@code randwrite}, {@code read} or {@code write}
 * @param blockSize bytes of each request
 * @param depth requests in flight
 * @param thinkNanos how long the guest takes from an answer to the next request, beside what it has to do
 */
record Row(Bus bus, String access, int blockSize, int depth, int thinkNanos) {
    private static final int KIB = 1024;

    /** Both devices: random reads at some depths, random writes, sequential reads of larger blocks. */
    static List<Row> matrix(int... depths) {
        List<Row> rows = new ArrayList<>();
        for (Bus bus : Bus.values()) {
            for (int depth : depths) {
                rows.add(new Row(bus, "randread", 4 * KIB, depth, 0));
            }
            rows.add(new Row(bus, "randwrite", 4 * KIB, 32, 0));
            rows.add(new Row(bus, "read", 64 * KIB, 4, 0));
        }
        return rows;
    }

    /** The same load by a guest that thinks. */
    Row thinking(int nanos) {
        return new Row(bus, access, blockSize, depth, nanos);
    }

    /** What people call it. */
    String title() {
        return bus.word() + " " + blockSize / KIB + "k " + access + " qd " + depth
                + (thinkNanos == 0 ? "" : " think " + thinkNanos / 1000 + "us");
    }
}
