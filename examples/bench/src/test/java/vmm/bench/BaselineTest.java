package vmm.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vmm.bench.Baseline.Entry;
import vmm.bench.Baseline.Verdict;
import vmm.linux.HostException;

class BaselineTest {
    @TempDir
    Path folder;

    @Test
    void aRatioIsJudgedByTheToleranceInBothDirections() {
        Baseline baseline = new Baseline(Map.of("a", new Entry(2, 1.5)));
        assertEquals(Verdict.AS_GOOD, baseline.judge("a", 2.9));
        assertEquals(Verdict.WORSE, baseline.judge("a", 3.1));
        assertEquals(Verdict.AS_GOOD, baseline.judge("a", 1.4));
        assertEquals(Verdict.BETTER, baseline.judge("a", 1.3));
        assertEquals(Verdict.NEW, baseline.judge("b", 1));
    }

    @Test
    void whatWasSavedIsReadAgainWithTheTolerancesOfBefore() throws Exception {
        Path file = folder.resolve("baseline");
        Baseline old = new Baseline(Map.of("x.y", new Entry(1, 4), "gone", new Entry(1, 1)));
        old.with(Map.of("x.y", 1.25, "a.b", 30.0)).write(file);
        assertEquals(new Baseline(Map.of("a.b", new Entry(30, 1.5), "x.y", new Entry(1.25, 4))), Baseline.read(file));
        assertTrue(
                Files.readString(file).indexOf("a.b") < Files.readString(file).indexOf("x.y"));
    }

    @Test
    void aMissingOrDamagedBaselineIsRefusedWithTheRemedy() throws Exception {
        Path file = folder.resolve("baseline");
        assertTrue(String.valueOf(assertThrows(HostException.class, () -> Baseline.read(file))
                        .getMessage())
                .endsWith("make one with --save."));
        Files.writeString(file, "a=much\n");
        assertThrows(HostException.class, () -> Baseline.read(file));
    }

    @Test
    void theRepositorysOwnBaselineCanBeRead() {
        Baseline baseline = Baseline.read(Path.of("micro.baseline"));
        assertTrue(baseline.entries().containsKey("QueueBenchmark.popAndComplete"));
        assertTrue(baseline.entries().values().stream().allMatch(entry -> entry.tolerance() > 1));
    }
}
