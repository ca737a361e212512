package vmm.bench.compare;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * One kind of load.
 *
 * @param bus the device that carries it
 * @param access {@code randread}, {@code randwrite}, {@code read} or {@code write}
 * @param blockSize bytes of each request
 * @param depth requests in flight
 */
record Row(Bus bus, String access, int blockSize, int depth) {
    /** The two devices that this project compares. */
    enum Bus {
        /** virtio-blk */
        BLK,
        /** virtio-scsi */
        SCSI;

        /** In one word. */
        String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private static final int KIB = 1024;

    /** Both devices: random reads at some depths, random writes, sequential reads of larger blocks. */
    static List<Row> matrix(int... depths) {
        List<Row> rows = new ArrayList<>();
        for (Bus bus : Bus.values()) {
            for (int depth : depths) {
                rows.add(new Row(bus, "randread", 4 * KIB, depth));
            }
            rows.add(new Row(bus, "randwrite", 4 * KIB, 32));
            rows.add(new Row(bus, "read", 64 * KIB, 4));
        }
        return rows;
    }

    /** What people call it. */
    String title() {
        return bus.word() + " " + blockSize / KIB + "k " + access + " qd " + depth;
    }
}
