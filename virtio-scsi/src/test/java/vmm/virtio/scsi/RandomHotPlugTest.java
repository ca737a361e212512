package vmm.virtio.scsi;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import vmm.block.FakeDisk;
import vmm.scsi.DiskIdentity;
import vmm.scsi.ScsiBus;
import vmm.scsi.block.DiskGeometry;
import vmm.scsi.block.ScsiDisk;
import vmm.scsi.primary.PrimaryUnits;

/**
 * Disks come, go, move between two controllers, grow, are reset, read and written in any order, and at every moment the
 * drivers find what should be there. {@code -Dvmm.hotplug.seeds=N} has more than the usual seeds.
 */
class RandomHotPlugTest {
    private static final int STEPS = 400;
    private static final int DISKS = 6;
    private static final int MOST_BLOCKS = 256;
    private static final int BLOCK = 512;
    private static final int[] TARGETS = {0, 3, 255};
    private static final int[] LUNS = {0, 1, 5, 300, 16_383};
    private static final int EVENT_BUFFERS = 8;

    private static final int CHECK_CONDITION = 2;
    private static final String TEST_UNIT_READY = "00 00 00 00 00 00";
    private static final String UNIT_SERIAL_NUMBER = "12 01 80 00 ff 00";
    private static final String REPORT_LUNS = "a0 00 00 00 00 00 00 00 10 00 00 00";
    private static final String READ_CAPACITY = "25 00 00 00 00 00 00 00 00 00";
    private static final String CAPACITY_CHANGED = "2a09";
    private static final String LOGICAL_UNIT_NOT_SUPPORTED = "2500";

    /** A disk, and where it is at the moment. */
    private static final class Disk {
        final String name;
        final FakeDisk medium;
        final byte[] model = new byte[MOST_BLOCKS * BLOCK];
        int blocks = 64;

        @Nullable
        Place place;

        @Nullable
        ScsiDisk unit;

        Disk(int number) {
            name = "disk-" + number;
            medium = new FakeDisk(blocks * (long) BLOCK);
        }
    }

    private record Place(int controller, int target, int lun) {}

    /** A controller with its driver, and the buffers that the driver has offered for events. */
    private static final class Controller {
        final ScsiBus bus = new ScsiBus(PrimaryUnits.SHARED);
        final Driver driver = new Driver(bus, HbaFeatures.ALWAYS);
        final Queue<Driver.Request> buffers = new ArrayDeque<>();

        void offerBuffers() {
            while (buffers.size() < EVENT_BUFFERS) {
                buffers.add(driver.offerEventBuffer(16));
            }
            driver.run();
        }
    }

    private final List<Controller> controllers = List.of(new Controller(), new Controller());
    private final List<Disk> disks =
            IntStream.range(0, DISKS).mapToObj(Disk::new).toList();

    static Stream<Long> seeds() {
        return IntStream.rangeClosed(1, Integer.getInteger("vmm.hotplug.seeds", 5))
                .mapToObj(Long::valueOf);
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void theDriversFindWhatIsThere(long seed) {
        Random random = new Random(seed);
        for (int step = 0; step < STEPS; step++) {
            Disk disk = disks.get(random.nextInt(DISKS));
            switch (random.nextInt(12)) {
                case 0, 1, 2 -> plug(disk, freePlace(random));
                case 3 -> unplug(disk);
                case 4 -> move(disk, random);
                case 5 -> resize(disk, 1 + random.nextInt(MOST_BLOCKS));
                case 6 -> restart(controllers.get(random.nextInt(controllers.size())));
                case 7 -> unplugWithRequestsInFlight(disk, random);
                case 8 -> talkToNobody(random);
                default -> transfer(disk, random);
            }
            if (step % 20 == 0) {
                compare();
            }
        }
        compare();
        for (Disk disk : disks) {
            unplug(disk);
            byte[] content = disk.medium.content().toArray(ValueLayout.JAVA_BYTE);
            assertArrayEquals(Arrays.copyOf(disk.model, disk.blocks * BLOCK), content, disk.name);
        }
        controllers.forEach(controller -> controller.driver.close());
    }

    private Place freePlace(Random random) {
        while (true) {
            Place place = new Place(
                    random.nextInt(controllers.size()),
                    TARGETS[random.nextInt(TARGETS.length)],
                    LUNS[random.nextInt(LUNS.length)]);
            if (at(place) == null) {
                return place;
            }
        }
    }

    private @Nullable Disk at(Place place) {
        return disks.stream().filter(disk -> place.equals(disk.place)).findAny().orElse(null);
    }

    private void plug(Disk disk, Place place) {
        if (disk.place != null) {
            return;
        }
        DiskIdentity identity = new DiskIdentity("VMM", "DISK", "1", disk.name, Optional.empty());
        ScsiDisk unit = new ScsiDisk(disk.medium, identity, DiskGeometry.DEFAULT, true);
        Controller controller = controllers.get(place.controller());
        controller.driver.device.attach(place.target(), place.lun(), unit);
        controller.driver.run();
        disk.place = place;
        disk.unit = unit;
        heard(controller, place, 1);
    }

    private void unplug(Disk disk) {
        Place place = disk.place;
        if (place != null) {
            boolean[] retired = detach(disk);
            assertTrue(retired[0], "nothing was in flight");
            heard(controllers.get(place.controller()), place, 2);
        }
    }

    /** What it returns becomes true when nobody uses the disk any more. */
    private boolean[] detach(Disk disk) {
        Place place = there(disk);
        ScsiDisk unit = unit(disk);
        boolean[] retired = {false};
        Controller controller = controllers.get(place.controller());
        controller.driver.device.detach(place.target(), place.lun(), () -> unit.retire(() -> retired[0] = true));
        controller.driver.run();
        disk.place = null;
        disk.unit = null;
        return retired;
    }

    private static Place there(Disk disk) {
        return Objects.requireNonNull(disk.place);
    }

    private static ScsiDisk unit(Disk disk) {
        return Objects.requireNonNull(disk.unit);
    }

    private void move(Disk disk, Random random) {
        if (disk.place != null) {
            unplug(disk);
            plug(disk, freePlace(random));
        }
    }

    private void resize(Disk disk, int blocks) {
        disk.medium.resize(blocks * (long) BLOCK);
        if (blocks < disk.blocks) {
            Arrays.fill(disk.model, blocks * BLOCK, disk.blocks * BLOCK, (byte) 0);
        }
        disk.blocks = blocks;
        Place place = disk.place;
        if (place == null) {
            return;
        }
        Controller controller = controllers.get(place.controller());
        boolean known = !unit(disk).nexusIds().isEmpty();
        settle(place);
        int used = unheard(controller);
        unit(disk).capacityChanged();
        controller.driver.run();
        if (known) {
            assertEquals(CAPACITY_CHANGED, sense(send(place, TEST_UNIT_READY, 0)));
        }
        drop(controller, used);
    }

    /** Resets the device, as a driver does that begins anew. Events of before are lost with their buffers. */
    private static void restart(Controller controller) {
        controller.driver.restart();
        controller.buffers.clear();
    }

    private void unplugWithRequestsInFlight(Disk disk, Random random) {
        Place place = disk.place;
        if (place == null) {
            return;
        }
        settle(place);
        Driver driver = controllers.get(place.controller()).driver;
        disk.medium.hold();
        List<Driver.Request> requests = new ArrayList<>();
        for (int i = 0; i <= random.nextInt(6); i++) {
            requests.add(send(place, read(random.nextInt(disk.blocks), 1), BLOCK));
        }
        boolean[] retired = detach(disk);
        assertTrue(!retired[0], "the medium works for requests");
        driver.loop.post(disk.medium::release);
        driver.run();
        assertTrue(retired[0]);
        for (Driver.Request request : requests) {
            assertTrue(request.ended());
            assertEquals(Response.ABORTED, request.code());
        }
        heard(controllers.get(place.controller()), place, 2);
    }

    private void talkToNobody(Random random) {
        Place place = freePlace(random);
        Driver.Request request = send(place, TEST_UNIT_READY, 0);
        if (disks.stream().anyMatch(disk -> disk.place != null && isBeside(place, disk.place))) {
            assertEquals(CHECK_CONDITION, request.status());
            assertEquals(LOGICAL_UNIT_NOT_SUPPORTED, sense(request));
        } else {
            assertEquals(Response.BAD_TARGET, request.code());
        }
    }

    private static boolean isBeside(Place one, Place other) {
        return one.controller() == other.controller() && one.target() == other.target();
    }

    private void transfer(Disk disk, Random random) {
        Place place = disk.place;
        if (place == null) {
            return;
        }
        settle(place);
        int lba = random.nextInt(disk.blocks);
        int count = 1 + random.nextInt(Math.min(8, disk.blocks - lba));
        Driver driver = controllers.get(place.controller()).driver;
        byte[] part = Arrays.copyOfRange(disk.model, lba * BLOCK, (lba + count) * BLOCK);
        if (random.nextBoolean()) {
            assertArrayEquals(part, send(place, read(lba, count), count * BLOCK).data());
        } else {
            random.nextBytes(part);
            String write = "2a" + read(lba, count).substring(2);
            assertEquals(
                    0, driver.send(place.target(), place.lun(), write, part, 0).status());
            System.arraycopy(part, 0, disk.model, lba * BLOCK, part.length);
        }
    }

    private static String read(int lba, int count) {
        return "28 00 00 00 %02x %02x 00 00 %02x 00".formatted(lba >> 8, lba & 0xff, count);
    }

    private Driver.Request send(Place place, String cdb, int length) {
        return controllers.get(place.controller()).driver.send(place.target(), place.lun(), cdb, new byte[0], length);
    }

    private void settle(Place place) {
        while (send(place, TEST_UNIT_READY, 0).status() == CHECK_CONDITION) {
            // The next condition.
        }
    }

    /** ADDITIONAL SENSE CODE and its qualifier, of sense data in fixed format. */
    private static String sense(Driver.Request request) {
        return request.sense().substring(24, 28);
    }

    /** What REPORT LUNS, the serial numbers and the capacities say agrees with the model. */
    private void compare() {
        for (Disk disk : disks) {
            Place place = disk.place;
            if (place != null) {
                settle(place);
                byte[] page = send(place, UNIT_SERIAL_NUMBER, 255).data();
                assertEquals(disk.name, new String(page, 4, page[3], StandardCharsets.US_ASCII));
                byte[] capacity = send(place, READ_CAPACITY, 8).data();
                assertEquals(disk.blocks - 1, Integer.parseInt(HexFormat.of().formatHex(capacity, 0, 4), 16));
                assertEquals(luns(place), reported(place));
            }
        }
    }

    /** Of the target of a place. */
    private Set<Integer> luns(Place place) {
        Set<Integer> luns = new TreeSet<>();
        for (Disk disk : disks) {
            if (disk.place != null && isBeside(place, disk.place)) {
                luns.add(disk.place.lun());
            }
        }
        return luns;
    }

    private Set<Integer> reported(Place place) {
        byte[] list = send(place, REPORT_LUNS, 4096).data();
        int bytes = Integer.parseInt(HexFormat.of().formatHex(list, 0, 4), 16);
        Set<Integer> luns = new TreeSet<>();
        for (int at = 8; at < 8 + bytes; at += 8) {
            luns.add((list[at] & 0x3f) << 8 | (list[at + 1] & 0xff));
        }
        return luns;
    }

    /** The driver has heard of what happened at a place, or will hear that it missed something. */
    private static void heard(Controller controller, Place place, int reason) {
        Driver.Request buffer = controller.buffers.poll();
        if (buffer == null) {
            controller.offerBuffers();
            buffer = controller.buffers.remove();
            assertEquals("00000080" + "0000000000000000" + "00000000", event(controller, buffer));
            return;
        }
        String lun = HexFormat.of().formatHex(Driver.lun(place.target(), place.lun()));
        // virtio 1.3 5.6.6.1: the number may have either form, with the bits for the flat one or without.
        String told = event(controller, buffer);
        assertEquals("01000000", told.substring(0, 8));
        assertEquals(lun.substring(0, 4), told.substring(8, 12));
        assertEquals(place.lun(), Integer.parseInt(told.substring(12, 16), 16) & 0x3fff);
        assertEquals("0%d000000".formatted(reason), told.substring(24));
    }

    private static String event(Controller controller, Driver.Request buffer) {
        assertTrue(buffer.ended(), "an event");
        byte[] bytes = new byte[16];
        controller.driver.memory.read(buffer.response, bytes, 0, bytes.length);
        return HexFormat.of().formatHex(bytes);
    }

    /** How many buffers the driver has not got back. */
    private static int unheard(Controller controller) {
        return (int)
                controller.buffers.stream().filter(buffer -> !buffer.ended()).count();
    }

    /** Forgets events that other tests look at. */
    private static void drop(Controller controller, int unheardBefore) {
        for (int used = unheardBefore - unheard(controller); used > 0; used--) {
            controller.buffers.remove();
        }
    }
}
