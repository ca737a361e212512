package vmm.block;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.List;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vmm.event.SteppedEventLoop;
import vmm.linux.Errno;

class BlockRequestEventTest {
    @Test
    void aRecordingTellsOfEveryRequest(@TempDir Path folder) throws Exception {
        SteppedEventLoop loop = new SteppedEventLoop();
        Path file = folder.resolve("requests.jfr");
        try (BlockDevice disk = BlockDevices.open("mem:1M", false);
                Recording recording = new Recording()) {
            BlockQueue queue = disk.openQueue(loop);
            queue.submit(TestRequest.read(0, 512)); // Before the trace point is open.
            recording.enable("vmm.BlockRequest").withoutThreshold();
            recording.start();
            queue.submit(TestRequest.read(4096, 1024));
            queue.submit(TestRequest.write(1 << 20, new byte[512]));
            queue.submit(TestRequest.flush());
            recording.stop();
            recording.dump(file);
        }
        List<RecordedEvent> events = RecordingFile.readAllEvents(file);
        assertEquals(
                List.of("mem:1M READ 4096 1024 0", "mem:1M WRITE 1048576 512 " + Errno.EINVAL, "mem:1M FLUSH 0 0 0"),
                events.stream().map(BlockRequestEventTest::describe).toList());
    }

    private static String describe(RecordedEvent event) {
        return event.getString("disk") + " " + event.getString("operation") + " " + event.getLong("offset") + " "
                + event.getLong("bytes") + " " + event.getInt("errno");
    }
}
