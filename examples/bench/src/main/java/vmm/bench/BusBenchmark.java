package vmm.bench;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import vmm.bus.Bus;
import vmm.bus.BusDevice;

/** Purpose: what finding the device adds to every access of the guest that leaves KVM. */
@State(Scope.Thread)
public class BusBenchmark {
    private static final int RANGES = 20;
    private static final int SPACING = 0x100;
    private static final int LENGTH = 8;

    private final Bus bus = new Bus();
    private long port;

    /** Made by the harness. */
    public BusBenchmark() {}

    /** As many ranges as a small machine has. */
    @Setup
    public void layOut() {
        for (int i = 0; i < RANGES; i++) {
            bus.add((long) i * SPACING, LENGTH, "device " + i, new Register());
        }
    }

    /** Reads a byte of one device after the other. */
    @Benchmark
    public long read() {
        port = port + SPACING < RANGES * SPACING ? port + SPACING : 0;
        return bus.read(port, 1);
    }

    private static final class Register implements BusDevice {
        private long value;

        @Override
        public long read(long offset, int size) {
            return value + offset;
        }

        @Override
        public void write(long offset, int size, long newValue) {
            value = newValue;
        }
    }
}
