package vmm.bench;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** Purpose: a measure of the machine itself, so that figures of different machines can be compared as ratios. */
@State(Scope.Thread)
public class ReferenceBenchmark {
    private static final int STEPS = 16;

    private long value = 1;

    /** Made by the harness. */
    public ReferenceBenchmark() {}

    /** 16 steps of a xorshift generator: each needs the one before, and no compiler makes fewer of them. */
    @Benchmark
    public long plainLoop() {
        long x = value;
        for (int i = 0; i < STEPS; i++) {
            x ^= x << 13;
            x ^= x >>> 7;
            x ^= x << 17;
        }
        value = x;
        return x;
    }
}
