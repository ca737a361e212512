package vmm.virtio.scsi;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;
import vmm.block.FakeDisk;
import vmm.scsi.DiskIdentity;
import vmm.scsi.ScsiBus;
import vmm.scsi.block.DiskGeometry;
import vmm.scsi.block.ScsiDisk;
import vmm.scsi.primary.PrimaryUnits;
import vmm.virtio.Features;

/**
 * Task management functions among reads and writes that a slow disk ends in any order: each command is answered once,
 * as the functions that were meant for it want it, and no function ends before its commands.
 */
@ParameterizedClass(name = "rings {0}")
@ValueSource(longs = {0, Features.RING_PACKED})
class RandomTaskManagementTest {
    private static final int BLOCK = 512;
    private static final int BLOCKS = 256;
    private static final int ROUNDS = 25;
    private static final int STEPS = 250;
    private static final int MOST_IN_FLIGHT = 18;

    private static final int ABORT_TASK = 0;
    private static final int ABORT_TASK_SET = 1;
    private static final int CLEAR_TASK_SET = 3;
    private static final int I_T_NEXUS_RESET = 4;
    private static final int LOGICAL_UNIT_RESET = 5;
    private static final int QUERY_TASK = 6;
    private static final int QUERY_TASK_SET = 7;
    private static final int[] FUNCTIONS = {
        ABORT_TASK,
        ABORT_TASK,
        ABORT_TASK,
        ABORT_TASK_SET,
        CLEAR_TASK_SET,
        I_T_NEXUS_RESET,
        LOGICAL_UNIT_RESET,
        QUERY_TASK,
        QUERY_TASK,
        QUERY_TASK_SET
    };

    /** How a command may end. */
    private enum End {
        ANSWERED,
        ABORTED,
        RESET
    }

    /** A command in flight. */
    private static final class Command {
        final Driver.Request request;
        final int unit;
        final long tag;
        final int lba;
        final byte[] written;
        End expected = End.ANSWERED;

        Command(Driver.Request request, int unit, long tag, int lba, byte[] written) {
            this.request = request;
            this.unit = unit;
            this.tag = tag;
            this.lba = lba;
            this.written = written;
        }
    }

    /** A function that has not ended, and the commands that have to end before. */
    private record Function(Driver.Request request, List<Command> victims) {}

    private final Random random = new Random(11);
    private final int[][] addresses = {{0, 0}, {0, 1}, {200, 1000}};
    private final FakeDisk[] media = new FakeDisk[addresses.length];
    private final byte[][] model = new byte[addresses.length][BLOCKS * BLOCK];
    private final List<Command> commands = new ArrayList<>();
    private final List<Function> functions = new ArrayList<>();
    private final Driver driver;
    private final ScsiBus bus = new ScsiBus(PrimaryUnits.SHARED);
    private long nextTag = 1;
    private int aborted;
    private int reset;

    RandomTaskManagementTest(long rings) {
        for (int i = 0; i < media.length; i++) {
            media[i] = new FakeDisk((long) BLOCKS * BLOCK);
            bus.attach(
                    addresses[i][0],
                    addresses[i][1],
                    new ScsiDisk(media[i], DiskIdentity.DEFAULT, DiskGeometry.DEFAULT, true));
        }
        driver = new Driver(bus, rings);
    }

    @Test
    void everyCommandEndsOnceAndAsItsFunctionsWantIt() {
        for (int round = 0; round < ROUNDS; round++) {
            driver.restart();
            for (FakeDisk medium : media) {
                medium.hold();
            }
            for (int step = 0; step < STEPS; step++) {
                step();
            }
            for (FakeDisk medium : media) {
                driver.loop.post(medium::release);
            }
            settle();
            assertTrue(commands.isEmpty() && functions.isEmpty());
        }
        for (int i = 0; i < media.length; i++) {
            assertArrayEquals(model[i], media[i].content().toArray(JAVA_BYTE));
        }
        assertTrue(aborted > 200 && reset > 200, "aborted " + aborted + ", reset " + reset);
        driver.close();
    }

    private void step() {
        int kind = random.nextInt(20);
        if (kind < 9 && commands.size() < MOST_IN_FLIGHT) {
            send();
        } else if (kind < 11 && functions.size() < 4) {
            manage();
        } else {
            FakeDisk medium = media[random.nextInt(media.length)];
            boolean last = random.nextBoolean();
            driver.loop.post(() -> {
                boolean released = last ? medium.releaseLast() : medium.releaseOne();
                assertTrue(released || medium.held() == 0);
            });
        }
        settle();
    }

    private void send() {
        int unit = random.nextInt(addresses.length);
        int lba = random.nextInt(BLOCKS);
        boolean write = random.nextBoolean();
        for (Command other : commands) {
            if (other.unit == unit && other.lba == lba) {
                return;
            }
        }
        byte[] data = new byte[write ? BLOCK : 0];
        random.nextBytes(data);
        String cdb = (write ? "2a 00 00 00 00 " : "28 00 00 00 00 ")
                + HexFormat.of().toHexDigits((byte) lba) + " 00 00 01 00";
        long tag = nextTag++;
        byte[] header = Driver.header(lun(unit), tag, random.nextInt(3), cdb);
        Driver.Request request = driver.offer(
                random.nextBoolean() ? driver.requests : driver.moreRequests, header, data, write ? 0 : BLOCK);
        commands.add(new Command(request, unit, tag, lba, data));
    }

    private byte[] lun(int unit) {
        return Driver.lun(addresses[unit][0], addresses[unit][1]);
    }

    private void manage() {
        int subtype = FUNCTIONS[random.nextInt(FUNCTIONS.length)];
        int unit = random.nextInt(addresses.length);
        long tag = nextTag - 1 - random.nextInt(MOST_IN_FLIGHT);
        Driver.Request request = driver.manage(subtype, lun(unit), tag);
        boolean nexus = subtype == I_T_NEXUS_RESET;
        boolean one = subtype == ABORT_TASK || subtype == QUERY_TASK;
        List<Command> concerned = new ArrayList<>();
        for (Command command : commands) {
            if (nexus ? addresses[command.unit][0] == addresses[unit][0] : command.unit == unit) {
                if (!one || command.tag == tag) {
                    concerned.add(command);
                }
            }
        }
        if (subtype == QUERY_TASK || subtype == QUERY_TASK_SET) {
            driver.run();
            assertTrue(request.ended());
            assertEquals(
                    concerned.isEmpty() ? Response.FUNCTION_COMPLETE : Response.FUNCTION_SUCCEEDED,
                    driver.answer(request));
            return;
        }
        End end = nexus || subtype == LOGICAL_UNIT_RESET ? End.RESET : End.ABORTED;
        for (Command command : concerned) {
            // What the medium works for is ended by the function that came last.
            command.expected = end;
        }
        functions.add(new Function(request, concerned));
    }

    /** Runs the device and looks at all that has ended. */
    private void settle() {
        driver.run();
        commands.removeIf(this::hasEnded);
        functions.removeIf(function -> {
            if (!function.request.ended()) {
                return false;
            }
            assertEquals(Response.FUNCTION_COMPLETE, driver.answer(function.request));
            for (Command victim : function.victims) {
                assertTrue(victim.request.ended());
            }
            return true;
        });
    }

    private boolean hasEnded(Command command) {
        Driver.Request request = command.request;
        if (!request.ended()) {
            return false;
        }
        End end = switch (request.code()) {
            case Response.OK -> End.ANSWERED;
            case Response.ABORTED -> End.ABORTED;
            case Response.RESET -> End.RESET;
            default -> throw new AssertionError("response " + request.code());
        };
        assertEquals(command.expected, end);
        aborted += end == End.ABORTED ? 1 : 0;
        reset += end == End.RESET ? 1 : 0;
        byte[] before = Arrays.copyOfRange(model[command.unit], command.lba * BLOCK, (command.lba + 1) * BLOCK);
        byte[] now = media[command.unit]
                .content()
                .asSlice((long) command.lba * BLOCK, BLOCK)
                .toArray(JAVA_BYTE);
        if (end == End.ANSWERED && request.status() != 0) {
            assertEquals("700006", request.sense().substring(0, 6));
        }
        boolean good = end == End.ANSWERED && request.status() == 0;
        if (command.written.length == 0) {
            assertArrayEquals(before, now);
            if (good) {
                assertArrayEquals(before, request.data());
            }
            return true;
        }
        boolean done = Arrays.equals(command.written, now);
        if (good) {
            assertTrue(done);
        } else {
            // Of a write that was aborted nobody knows whether it has been done, but it was not done by half.
            assertTrue(done || Arrays.equals(before, now));
            assertFalse(done && end == End.ANSWERED);
        }
        System.arraycopy(now, 0, model[command.unit], command.lba * BLOCK, BLOCK);
        return true;
    }
}
