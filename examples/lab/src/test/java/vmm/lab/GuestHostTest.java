package vmm.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import vmm.lab.GuestHost.Place;
import vmm.linux.HostException;

class GuestHostTest {
    private static final LabConfig CONFIG = new LabConfig(
            Path.of("/tmp/none"),
            Path.of("/tmp/none"),
            Path.of("/tmp/none"),
            1,
            1024,
            Duration.ofMinutes(1),
            Duration.ofMinutes(1));

    private static GuestHost choose(Map<String, String> environment, boolean fast, String obstacle) {
        return GuestHost.choose(environment, () -> fast, obstacle, CONFIG, Progress.silent());
    }

    @Test
    void fastKvmIsUsedDirectlyAndSlowKvmThroughTheLab() {
        assertEquals(Place.DIRECT, choose(Map.of(), true, "").place());
        assertEquals(Place.LAB, choose(Map.of(), false, "").place());
    }

    @Test
    void withoutEitherTheReasonIsGiven() {
        try (GuestHost host = choose(Map.of(), false, "the lab needs the package qemu-system-x86")) {
            assertEquals(Place.NONE, host.place());
            HostException trouble =
                    assertThrows(HostException.class, () -> host.run(List.of("true"), RunOptions.quiet()));
            assertTrue(trouble.toString().contains("qemu-system-x86"), trouble::toString);
        }
    }

    @Test
    void theEnvironmentDecidesIfItSaysSo() {
        assertEquals(Place.LAB, choose(Map.of("VMM_GUESTS", "lab"), true, "").place());
        assertEquals(
                Place.DIRECT, choose(Map.of("VMM_GUESTS", "direct"), false, "").place());
        assertEquals(Place.NONE, choose(Map.of("VMM_GUESTS", "none"), true, "").place());
        assertThrows(HostException.class, () -> choose(Map.of("VMM_GUESTS", "maybe"), true, ""));
    }

    @Test
    void insideTheLabThereIsNoSecondLab() {
        assertEquals(Place.DIRECT, choose(Map.of("VMM_LAB", "1"), false, "").place());
    }

    @Test
    void aDirectCommandHasItsStreamsItsStatusAndItsLimit() {
        try (GuestHost host = choose(Map.of(), true, "")) {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            RunOptions options = RunOptions.quiet()
                    .withStreams(
                            new ByteArrayInputStream("abc".getBytes(java.nio.charset.StandardCharsets.UTF_8)),
                            out,
                            out);
            assertEquals(5, host.run(List.of("sh", "-c", "cat; exit 5"), options));
            assertEquals("abc", out.toString(java.nio.charset.StandardCharsets.UTF_8));
            assertEquals(
                    Lab.TIMED_OUT,
                    host.run(List.of("sleep", "30"), RunOptions.quiet().withTimeLimit(Duration.ofMillis(100))));
        }
    }

    @Test
    void aCommandThatFallsSilentIsEnded() {
        try (GuestHost host = choose(Map.of(), true, "")) {
            RunOptions patient = RunOptions.quiet().withSilenceLimit(Duration.ofMillis(500));
            List<String> talking = List.of("sh", "-c", "for i in 1 2 3 4 5 6 7 8; do echo $i; sleep 0.1; done");
            assertEquals(0, host.run(talking, patient));
            List<String> silent = List.of("sh", "-c", "echo once; sleep 30");
            assertEquals(Lab.TIMED_OUT, host.run(silent, patient));
        }
    }
}
