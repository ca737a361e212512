package vmm.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import vmm.guests.CrashRound;

/** What a guest's flush has promised outlives the VMM. {@code examples/bench/crash} does this two hundred times. */
@Timeout(120)
class CrashTest {
    private static final int ROUNDS = 3;

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit fills it.
    private Path folder;

    @BeforeEach
    void kvmIsThere() {
        VmmRun.needKvm();
    }

    @Test
    void aKilledVmmLosesNothingThatAFlushHasPromised() throws Exception {
        Random random = new Random(3);
        long promised = 0;
        for (int i = 0; i < ROUNDS; i++) {
            CrashRound round = CrashRound.random(CrashRound.Format.RAW, random);
            CrashRound.Result result = round.run(VmmRun.command(folder, List.of()), "", folder);
            assertEquals(List.of(), result.troubles(), round::toString);
            promised += result.promised();
        }
        assertTrue(promised > 0, "nothing was put to the test");
    }
}
