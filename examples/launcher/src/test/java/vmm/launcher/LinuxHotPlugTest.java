package vmm.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Linux finds the disks that are plugged while it runs, and lets go of them. One boot shows all; how often disks come
 * and go in it the properties {@code vmm.hotplug.units} and {@code vmm.hotplug.functions} say.
 */
class LinuxHotPlugTest {
    private static final long HEAP_KIB = 2048;

    private LinuxGuest.Boot boot = new LinuxGuest.Boot(-1, "", Map.of());

    /** The scenario as a program, from the classes under test; in the lab, too, where the same files are. */
    private static List<String> program(LinuxGuest guest) {
        String classes = Stream.of(
                        System.getProperty("jdk.module.path"),
                        System.getProperty("java.class.path"),
                        Path.of("target", "test-classes").toAbsolutePath().toString())
                .filter(path -> path != null && !path.isEmpty())
                .collect(Collectors.joining(":"));
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xmx256m",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                classes,
                HotPlugScenario.class.getName()));
        guest.kernelAndInitrd().forEach(file -> command.add(file.toString()));
        command.add(System.getProperty("vmm.hotplug.units", "5"));
        command.add(System.getProperty("vmm.hotplug.functions", "3"));
        return command;
    }

    private void assertFact(String expected, String name) {
        assertEquals(expected, boot.fact(name), name);
    }

    private long number(String name) {
        return Long.parseLong(boot.fact(name));
    }

    @Test
    void disksComeAndGo() throws Exception {
        try (LinuxGuest guest = LinuxGuest.prepare("linux-hot-plug-test.sh", Path.of("/usr/bin/sg_reset"))) {
            boot = guest.run(() -> {}, program(guest), (line, vmm) -> LinuxConsole.Answer.NOTHING);
        }
        assertTrue(!boot.facts().containsKey("failure"), boot::console);

        assertFact("content of lun", "lun.content");
        assertFact("gone", "lun.gone");
        assertFact("content of blk", "blk.content");
        assertFact("Device blk is already in the process of unplug", "blk.again");
        assertFact("gone", "blk.gone");
        assertFact(
                IntStream.range(0, 8)
                        .mapToObj(number -> "content of f" + number + ";")
                        .collect(Collectors.joining()),
                "slot.content");
        assertFact("0", "slot.left");
        assertFact("content of behind", "controller.content");
        assertFact("gone", "controller.gone");
        assertFact("seen", "resize");
        assertFact("read;failed;", "fault.medium");
        assertFact("read;", "fault.cleared");
        assertFact("read;", "fault.busy");
        assertFact("read;", "fault.lost");
        assertFact("read;", "fault.found");
        assertFact("true", "fault.left");
        assertFact("none", "busy.errors");
        assertEquals(number("begin.threads"), number("end.threads"), "threads");
        assertEquals(number("begin.files"), number("end.files"), "open files");
        assertTrue(number("end.heap.kib") <= number("begin.heap.kib") + HEAP_KIB, boot::console);
    }
}
