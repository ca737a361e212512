package vmm.scsi.block;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vmm.block.FakeDisk;
import vmm.scsi.Initiator;

class ScsiCommandEventTest {
    @TempDir
    Path folder;

    @Test
    void aRecordingHasEachCommandWithItsBlocksAndItsEnd() throws IOException {
        Initiator initiator = Initiator.of(Initiator.disk(new FakeDisk(1 << 20)));
        Path file = folder.resolve("commands.jfr");
        try (Recording recording = new Recording()) {
            recording.enable("vmm.ScsiCommand").withThreshold(Duration.ZERO);
            recording.start();
            initiator.read("28 00 00 00 00 07 00 00 02 00", 1024);
            initiator.read("28 00 00 00 08 00 00 00 01 00", 512);
            recording.stop();
            recording.dump(file);
        }

        List<RecordedEvent> events = RecordingFile.readAllEvents(file).stream()
                .filter(event -> event.getEventType().getName().equals("vmm.ScsiCommand"))
                .toList();

        assertEquals(2, events.size());
        RecordedEvent read = events.getFirst();
        assertEquals("READ (10)", read.getString("command"));
        assertEquals(7, read.getLong("lba"));
        assertEquals(2, read.getLong("blocks"));
        assertEquals("GOOD", read.getString("status"));
        RecordedEvent failed = events.getLast();
        assertEquals("CHECK_CONDITION", failed.getString("status"));
        assertEquals(5, failed.getInt("senseKey"));
        assertEquals(0x2100, failed.getInt("additionalSense"));
    }
}
