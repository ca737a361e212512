package vmm.bench;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** Purpose: a measure of the machine itself, so that figures of different machines can be compared as ratios. */
@State(Scope.Thread)
public class ReferenceBenchmark {
    private static final int STEPS = 16;
    private static final long MULTIPLIER = 6364136223846793005L;

    private long value = 1;

    /** Made by the harness. */
    public ReferenceBenchmark() {}

    /** A chain of 16 multiplications and additions, each of which needs the one before. */
    @Benchmark
    public long plainLoop() {
        long x = value;
        for (int i = 0; i < STEPS; i++) {
            x = x * MULTIPLIER + 1;
        }
        value = x;
        return x;
    }
}
