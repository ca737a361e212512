package vmm.bench.verify;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class TranscriptTest {
    private final ByteArrayOutputStream passedOn = new ByteArrayOutputStream();
    private final Transcript transcript = new Transcript(new PrintStream(passedOn, true, UTF_8));

    @Test
    void roundsAreCountedAndEverythingIsPassedOn() throws Exception {
        String told = """
                raw-none round 1 sizes 4k-1m depth 48: 31 16777216 31 16777216\r
                qcow2-none round 1 sizes 512-16k depth 3: 2048 16777216 2048 16777216
                raw-none: 1 rounds, 31 writes of 16.0 MiB, 31 reads of 16.0 MiB checked
                verified
                """;
        transcript.write(told.getBytes(UTF_8));
        assertEquals(2, transcript.rounds());
        assertFalse(transcript.failed());
        assertEquals(told, passedOn.toString(UTF_8));
        assertTrue(transcript.checkedTime().compareTo(Duration.ofSeconds(10)) < 0, "no time but that between rounds");
    }

    @Test
    void aRoundThatFailedIsNoneAndIsSeen() throws Exception {
        transcript.write("FAILED raw-none round 7 sizes 4k-4k depth 2 seed 9\n".getBytes(UTF_8));
        assertTrue(transcript.failed());
        assertEquals(0, transcript.rounds());
        assertEquals(Duration.ZERO, transcript.checkedTime());
    }
}
