package vmm.block.qcow2;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import vmm.block.BlockQueue;
import vmm.block.TestRequest;
import vmm.event.SteppedEventLoop;
import vmm.linux.Errno;

/**
 * Requests in any order on a file that fails, is killed, or loses power at any moment.
 *
 * <p>After a crash an image has no errors, and each sector what was last flushed or what was written since.
 */
class CrashTest {
    private static final int SIZE = 1 << 19;

    @TempDir
    Path folder;

    static List<BlankImage> images() {
        return List.of(
                BlankImage.of(16, SIZE),
                BlankImage.of(12, SIZE),
                BlankImage.of(9, SIZE),
                new BlankImage(2, 12, 4, false, SIZE, ""),
                new BlankImage(3, 9, 6, false, SIZE, ""),
                new BlankImage(3, 10, 0, false, SIZE, ""),
                new BlankImage(3, 14, 4, true, SIZE, ""));
    }

    private static Qcow2Disk open(RecordingFile file, boolean readOnly) {
        return Qcow2Disk.open(Images.options(Path.of("recording"), readOnly), file, List.of());
    }

    /** Runs requests until {@code count} have been asked, as many at once as it likes. */
    private static void run(RecordingFile file, Guest guest, SteppedEventLoop loop, Random random, int count) {
        for (int i = 0; i < count; ) {
            if (guest.underWay() < 8 && random.nextBoolean()) {
                guest.start();
                i++;
            } else {
                file.releaseOne(random);
            }
            loop.runUntilIdle();
        }
    }

    private static void finish(RecordingFile file, Guest guest, SteppedEventLoop loop, Random random) {
        file.release(random);
        loop.runUntilIdle();
        assertEquals(0, guest.underWay(), "requests were not answered");
    }

    @ParameterizedTest
    @MethodSource("images")
    void requestsInAnyOrderAgreeWithAModelAndLeaveNoLeak(BlankImage image) throws Exception {
        Random random = new Random(5);
        RecordingFile file = new RecordingFile(image.bytes());
        SteppedEventLoop loop = new SteppedEventLoop();
        Qcow2Disk disk = open(file, false);
        Guest guest = new Guest(disk, loop, 3, random);
        for (int round = 0; round < 10; round++) {
            file.hold();
            run(file, guest, loop, random, 100);
            finish(file, guest, loop, random);
            guest.verify(disk);
        }
        assertEquals(0, guest.failures);
        disk.close();
        assertTrue(file.closed());
        ImageChecker.Verdict verdict = ImageChecker.check(file.content());
        assertEquals(List.of(), verdict.errors());
        assertEquals(0, verdict.leaks());
        qemuChecks(file.content());
    }

    @ParameterizedTest
    @MethodSource("images")
    void requestsThatOverlapHarmNothingButTheirOwnRange(BlankImage image) throws Exception {
        Random random = new Random(8);
        RecordingFile file = new RecordingFile(image.bytes());
        SteppedEventLoop loop = new SteppedEventLoop();
        Qcow2Disk disk = open(file, false);
        Guest guest = new Guest(disk, loop, 3, random);
        guest.overlaps = true;
        for (int round = 0; round < 10; round++) {
            file.hold();
            run(file, guest, loop, random, 150);
            finish(file, guest, loop, random);
            guest.verify(disk);
        }
        assertEquals(0, guest.failures);
        disk.close();
        ImageChecker.Verdict verdict = ImageChecker.check(file.content());
        assertEquals(List.of(), verdict.errors());
        assertEquals(0, verdict.leaks());
    }

    @Test
    void aCommitThatFailsIsTriedAgainWhenItIsAskedForAndNotByItself() {
        RecordingFile file = new RecordingFile(BlankImage.of(9, SIZE).bytes());
        SteppedEventLoop loop = new SteppedEventLoop();
        Qcow2Disk disk = open(file, false);
        BlockQueue queue = disk.openQueue(loop);
        file.failFlushes(true);
        List<TestRequest> writes = new ArrayList<>();
        // Each in the range of another table: more than half of what is kept of them is dirty in the end.
        for (int i = 0; i < 16; i++) {
            writes.add(TestRequest.write(i * 32768L, new byte[512]));
            queue.submit(writes.getLast());
            loop.runUntilIdle();
        }
        assertTrue(writes.stream().allMatch(write -> write.errno >= 0), "a write was not answered");
        assertEquals(Errno.EIO, flush(queue, loop));
        file.failFlushes(false);
        assertEquals(0, flush(queue, loop));
        disk.close();
        assertEquals(List.of(), ImageChecker.check(file.content()).errors());
    }

    private static int flush(BlockQueue queue, SteppedEventLoop loop) {
        TestRequest flush = TestRequest.flush();
        queue.submit(flush);
        loop.runUntilIdle();
        return flush.errno;
    }

    private void qemuChecks(byte[] content) throws Exception {
        if (Files.isExecutable(Path.of("/usr/bin/qemu-img"))) {
            Path file = folder.resolve("check.qcow2");
            Files.write(file, content);
            QemuTools.check(file);
        }
    }

    @ParameterizedTest
    @MethodSource("images")
    void whatWasFlushedSurvivesACrashAtAnyMoment(BlankImage image) {
        Random random = new Random(6);
        RecordingFile file = new RecordingFile(image.bytes());
        SteppedEventLoop loop = new SteppedEventLoop();
        Qcow2Disk disk = open(file, false);
        Guest guest = new Guest(disk, loop, 2, random);
        TreeMap<Integer, List<Set<Long>>> states = new TreeMap<>();
        file.hold();
        for (int i = 0; i < 250; i++) {
            run(file, guest, loop, random, 1);
            states.put(file.events().size(), guest.durable());
        }
        List<Integer> moments = List.copyOf(states.keySet());
        for (int crash = 0; crash < 150; crash++) {
            boolean between = random.nextInt(4) == 0;
            int moment = between ? random.nextInt(states.lastKey()) : moments.get(random.nextInt(moments.size()));
            byte[] left = random.nextInt(4) == 0 ? file.afterKill(moment) : file.afterPowerLoss(moment, random);
            ImageChecker.Verdict verdict = ImageChecker.check(left);
            assertEquals(List.of(), verdict.errors(), "after a crash at event " + moment);
            List<Set<Long>> known = states.get(moment);
            if (known != null) {
                Guest.verify(open(new RecordingFile(left), true), known);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("images")
    void aFileThatFailsNowAndThenLeavesTheImageConsistent(BlankImage image) {
        for (int every : new int[] {2, 3, 7, 19, 50}) {
            Random random = new Random(every);
            RecordingFile file = new RecordingFile(image.bytes());
            SteppedEventLoop loop = new SteppedEventLoop();
            Qcow2Disk disk = open(file, false);
            Guest guest = new Guest(disk, loop, 2, random);
            file.hold();
            file.failEvery(every);
            run(file, guest, loop, random, 200);
            file.failEvery(0);
            finish(file, guest, loop, random);
            assertTrue(guest.failures > 0);
            guest.verify(disk);
            run(file, guest, loop, random, 100);
            finish(file, guest, loop, random);
            disk.close();
            ImageChecker.Verdict verdict = ImageChecker.check(file.content());
            assertEquals(List.of(), verdict.errors());
            Guest.verify(open(new RecordingFile(file.content()), true), guest.durable());
        }
    }
}
