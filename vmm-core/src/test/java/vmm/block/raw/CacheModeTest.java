package vmm.block.raw;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import vmm.block.BlockOptions;
import vmm.block.BlockOptions.Aio;
import vmm.block.BlockOptions.Cache;
import vmm.block.BlockOptions.Format;
import vmm.block.BlockQueue;
import vmm.block.BlockRequest.Operation;
import vmm.block.TestRequest;
import vmm.event.EventLoop;
import vmm.event.EventLoops;
import vmm.event.LoopOptions;

/** Every engine with every cache mode, on a file system in memory, on a real one and on a device of large blocks. */
@Timeout(60)
class CacheModeTest {
    private static final int SIZE = 1 << 20;

    /** Requests of one round have a lane each, so that what they do together is known. */
    private static final int LANES = 8;

    private static final int LANE = SIZE / LANES;

    @TempDir
    Path folder;

    /** Where an image is. */
    enum Place {
        TEMPORARY_FOLDER,
        MEMORY,
        DEVICE_OF_4096
    }

    /** How requests reach a file: by which engine, on which kind of loop. */
    record Way(Engine engine, LoopOptions.Kind kind) {
        EventLoop loop(String name) {
            return EventLoops.start(name, LoopOptions.standard().withKind(kind));
        }
    }

    static Stream<Way> ways() {
        return Stream.of(
                new Way(Engine.SYNCHRONOUS, LoopOptions.Kind.IO_URING),
                new Way(Engine.RING, LoopOptions.Kind.IO_URING),
                new Way(Engine.THREADS, LoopOptions.Kind.IO_URING),
                new Way(Engine.RING, LoopOptions.Kind.POLL));
    }

    static Stream<Arguments> combinations() {
        return ways().flatMap(way -> Stream.of(Cache.values())
                .flatMap(cache -> Stream.of(Place.values()).map(place -> Arguments.of(way, cache, place))));
    }

    @ParameterizedTest
    @MethodSource("combinations")
    void randomRequestsAgreeWithAModel(Way way, Cache cache, Place place) throws Exception {
        byte[] model = new byte[SIZE];
        try (EventLoop loop = way.loop("disk test");
                TestImage image = TestImage.create(place, folder, SIZE)) {
            try (RawDisk disk = open(image, cache, way)) {
                assertEquals(cache == Cache.NONE && place != Place.MEMORY, disk.isDirect());
                compareWithModel(disk, loop, model, new Random(7));
            }
            assertArrayEquals(model, Files.readAllBytes(Path.of(image.path())));
        }
    }

    private static RawDisk open(TestImage image, Cache cache, Way way) {
        return RawDisk.open(new BlockOptions(image.path(), false, Format.RAW, cache, Aio.AUTO, true), way.engine());
    }

    private static void compareWithModel(RawDisk disk, EventLoop loop, byte[] model, Random random) {
        BlockQueue queue = disk.openQueue(loop);
        for (int round = 0; round < 30; round++) {
            List<TestRequest> requests = new ArrayList<>();
            for (int lane = 0; lane < LANES; lane++) {
                int sectors = random.nextInt(1, random.nextBoolean() ? 9 : 200);
                int start = lane * LANE + random.nextInt((LANE >> 9) - sectors + 1) * 512;
                requests.add(one(random, model, start, sectors * 512));
            }
            if (round % 10 == 0) {
                requests.add(TestRequest.flush());
            }
            loop.post(() -> requests.forEach(queue::submit));
            for (TestRequest request : requests) {
                assertEquals(0, request.await(), request.operation()::name);
                if (request.operation() == Operation.READ) {
                    byte[] read = request.bytes();
                    int at = (int) request.offset();
                    assertArrayEquals(Arrays.copyOfRange(model, at, at + read.length), read);
                }
            }
        }
    }

    private static TestRequest one(Random random, byte[] model, int start, int size) {
        TestRequest request;
        switch (random.nextInt(6)) {
            case 0, 1 -> {
                byte[] bytes = new byte[size];
                random.nextBytes(bytes);
                System.arraycopy(bytes, 0, model, start, size);
                request = TestRequest.write(start, bytes);
                scatter(request, random);
            }
            case 2 -> {
                request = TestRequest.range(Operation.WRITE_ZEROES, start, size, random.nextBoolean());
                Arrays.fill(model, start, start + size, (byte) 0);
            }
            default -> {
                request = TestRequest.read(start, size);
                scatter(request, random);
            }
        }
        if (request.operation().changesDisk() && random.nextInt(4) == 0) {
            request.requireStable();
        }
        return request;
    }

    /** In pieces of any length, in whole sectors, or in one. */
    private static void scatter(TestRequest request, Random random) {
        switch (random.nextInt(3)) {
            // Now and then more pieces than Linux takes in one call, so that it has to be continued.
            case 0 -> request.scatter(random, random.nextInt(50) == 0 ? 1900 : random.nextInt(1, 9));
            case 1 -> {
                long address = request.memory.address();
                long size = request.memory.byteSize();
                request.data().clear();
                for (long at = 0; at < size; at += 512) {
                    request.data().add(address + at, 512);
                }
            }
            default -> {}
        }
    }

    /** Direct I/O moves whole blocks of the device, which are larger than the sectors written here. */
    @ParameterizedTest
    @MethodSource("ways")
    void neighboursInABlockDoNotLoseEachOthersWrites(Way way) throws Exception {
        try (EventLoop first = way.loop("first");
                EventLoop second = way.loop("second");
                TestImage image = TestImage.create(Place.DEVICE_OF_4096, folder, SIZE)) {
            try (RawDisk disk = open(image, Cache.NONE, way)) {
                byte[] model = new byte[SIZE];
                Random random = new Random(8);
                for (int round = 0; round < 50; round++) {
                    List<TestRequest> mine = new ArrayList<>();
                    List<TestRequest> others = new ArrayList<>();
                    // The sectors of a few blocks, each once, in any order, from two loops.
                    List<Integer> sectors = new ArrayList<>(
                            Stream.iterate(0, i -> i + 1).limit(24).toList());
                    Collections.shuffle(sectors, random);
                    for (int sector : sectors) {
                        byte[] bytes = new byte[512];
                        Arrays.fill(bytes, (byte) (round + sector));
                        System.arraycopy(bytes, 0, model, sector * 512, 512);
                        (random.nextBoolean() ? mine : others).add(TestRequest.write(sector * 512L, bytes));
                    }
                    BlockQueue firstQueue = disk.openQueue(first);
                    BlockQueue secondQueue = disk.openQueue(second);
                    first.post(() -> mine.forEach(firstQueue::submit));
                    second.post(() -> others.forEach(secondQueue::submit));
                    for (TestRequest request :
                            Stream.concat(mine.stream(), others.stream()).toList()) {
                        assertEquals(0, request.await());
                    }
                    TestRequest read = TestRequest.read(0, 24 * 512);
                    assertEquals(0, read.run(first, firstQueue));
                    assertArrayEquals(Arrays.copyOf(model, 24 * 512), read.bytes(), "round " + round);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("ways")
    void requestsThatNeedBuffersWaitForThem(Way way) throws Exception {
        try (EventLoop loop = way.loop("disk test");
                TestImage image = TestImage.create(Place.TEMPORARY_FOLDER, folder, SIZE)) {
            try (RawDisk disk = open(image, Cache.NONE, way)) {
                BlockQueue queue = disk.openQueue(loop);
                List<TestRequest> requests = new ArrayList<>();
                for (int i = 0; i < 100; i++) {
                    TestRequest request = TestRequest.read(0, 300 << 10);
                    // One byte off from where direct I/O would have it.
                    request.scatter(new Random(i), 3);
                    requests.add(request);
                }
                loop.post(() -> requests.forEach(queue::submit));
                for (TestRequest request : requests) {
                    assertEquals(0, request.await());
                }
            }
        }
    }
}
