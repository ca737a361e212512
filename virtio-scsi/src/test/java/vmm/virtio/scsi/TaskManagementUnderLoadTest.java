package vmm.virtio.scsi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import vmm.block.BlockDevice;
import vmm.block.BlockDevices;
import vmm.block.BlockOptions;
import vmm.event.EventLoop;
import vmm.event.EventLoops;
import vmm.memory.GuestMemory;
import vmm.scsi.DiskIdentity;
import vmm.scsi.ScsiBus;
import vmm.scsi.block.DiskGeometry;
import vmm.scsi.block.ScsiDisk;
import vmm.scsi.primary.PrimaryUnits;
import vmm.virtio.Features;
import vmm.virtio.driver.MockDriver;
import vmm.virtio.driver.MockQueue;

/**
 * Ten thousand task management functions while files are written and read, driver and device at the same time on
 * threads of their own.
 */
@Timeout(120)
class TaskManagementUnderLoadTest {
    private static final int FUNCTIONS = 10_000;
    private static final int MOST_FUNCTIONS = 4;
    private static final int SLOTS = 24;
    private static final int UNITS = 2;
    private static final int QUEUE_SIZE = 256;
    private static final int BLOCKS = 8;
    private static final int LENGTH = BLOCKS * 512;
    private static final int SLOT_SIZE = 8192;
    private static final long COMMANDS = 0x100000;
    private static final long CONTROLS = 0x80000;
    private static final int RESPONSE = 256;
    private static final int DATA = 4096;

    private static final int ABORT_TASK = 0;
    private static final int ABORT_TASK_SET = 1;
    private static final int I_T_NEXUS_RESET = 4;
    private static final int LOGICAL_UNIT_RESET = 5;
    private static final int QUERY_TASK = 6;

    /** A place in memory for one command after the other, with blocks of its own on one of the disks. */
    private static final class Slot {
        final int number;
        final Set<Long> possible = new HashSet<>(Set.of(0L));
        long tag;
        long version;
        boolean write;
        boolean busy;

        /** How many functions had ended when the command was sent. */
        int functionsBefore;

        Slot(int number) {
            this.number = number;
        }

        int unit() {
            return number % UNITS;
        }

        long address() {
            return COMMANDS + (long) number * SLOT_SIZE;
        }

        int lba() {
            return number * BLOCKS;
        }
    }

    @TempDir
    private Path folder;

    private final GuestMemory memory = GuestMemory.allocate(8 << 20);
    private final Random random = new Random(3);
    private final EventLoop loop = EventLoops.start("scsi-test");
    private final List<BlockDevice> media = new ArrayList<>();
    private final List<Slot> slots = new ArrayList<>();
    private final Slot[] byHead = new Slot[QUEUE_SIZE];
    private final boolean[] controlBusy = new boolean[MOST_FUNCTIONS];
    private final int[] controlByHead = new int[QUEUE_SIZE];
    private long nextTag = 1;
    private long nextVersion = 1;
    private int sent;
    private int ended;
    private int answered;
    private int aborted;
    private int reset;

    @AfterEach
    void close() {
        loop.close();
        media.forEach(BlockDevice::close);
        memory.close();
    }

    @Test
    void noCommandIsLostOrDoubledAndNoDataIsWrong() throws IOException {
        ScsiBus bus = new ScsiBus(PrimaryUnits.SHARED);
        for (int unit = 0; unit < UNITS; unit++) {
            Path file = Files.write(folder.resolve("disk" + unit), new byte[SLOTS * LENGTH]);
            BlockDevice medium = BlockDevices.open(new BlockOptions(
                    file.toString(),
                    false,
                    BlockOptions.Format.RAW,
                    BlockOptions.Cache.WRITEBACK,
                    BlockOptions.Aio.THREADS,
                    true));
            media.add(medium);
            bus.attach(0, unit, new ScsiDisk(medium, DiskIdentity.DEFAULT, DiskGeometry.DEFAULT, true));
        }
        VirtioScsiDevice device = new VirtioScsiDevice(loop, bus, new HbaConfig("scsi0", 1, QUEUE_SIZE));
        try (MockDriver driver = new MockDriver(memory, device)) {
            driver.negotiate(Features.RING_EVENT_IDX);
            MockQueue control = driver.addQueue(0, QUEUE_SIZE);
            MockQueue requests = driver.addQueue(2, QUEUE_SIZE);
            driver.activate();
            for (int i = 0; i < SLOTS; i++) {
                slots.add(new Slot(i));
            }
            while (ended < FUNCTIONS) {
                boolean moved = collect(control, requests);
                slots.forEach(slot -> begin(requests, slot));
                requests.kick();
                manage(control);
                control.kick();
                if (!moved) {
                    Thread.onSpinWait();
                }
            }
            while (slots.stream().anyMatch(slot -> slot.busy)) {
                collect(control, requests);
            }
        }
        assertTrue(
                answered > 1000 && aborted > 100 && reset > 10,
                answered + " answered, " + aborted + " aborted, " + reset + " reset");
    }

    private void begin(MockQueue queue, Slot slot) {
        if (slot.busy) {
            return;
        }
        slot.busy = true;
        slot.tag = nextTag++;
        slot.functionsBefore = ended;
        slot.write = random.nextBoolean();
        String cdb = (slot.write ? "2a 00 00 00 00 " : "28 00 00 00 00 ")
                + HexFormat.of().toHexDigits((byte) slot.lba()) + " 00 00 08 00";
        memory.write(slot.address(), Driver.header(Driver.lun(0, slot.unit()), slot.tag, 0, cdb));
        memory.putByte(slot.address() + RESPONSE + 11, 0xff);
        queue.readable(slot.address(), Driver.HEADER);
        if (slot.write) {
            slot.version = nextVersion++;
            for (int i = 0; i < LENGTH; i += Long.BYTES) {
                memory.putLong(slot.address() + DATA + i, slot.version);
            }
            queue.readable(slot.address() + DATA, LENGTH);
        }
        queue.writable(slot.address() + RESPONSE, Driver.FIXED);
        if (!slot.write) {
            queue.writable(slot.address() + DATA, LENGTH);
        }
        byHead[queue.offer()] = slot;
    }

    private void manage(MockQueue control) {
        for (int i = 0; i < MOST_FUNCTIONS; i++) {
            if (controlBusy[i] || sent == FUNCTIONS) {
                continue;
            }
            controlBusy[i] = true;
            sent++;
            Slot slot = slots.get(random.nextInt(SLOTS));
            int kind = random.nextInt(100);
            int subtype = kind < 70
                    ? ABORT_TASK
                    : kind < 80
                            ? ABORT_TASK_SET
                            : kind < 90 ? QUERY_TASK : kind < 99 ? LOGICAL_UNIT_RESET : I_T_NEXUS_RESET;
            long at = CONTROLS + 64L * i;
            memory.write(
                    at,
                    ByteBuffer.allocate(24)
                            .order(ByteOrder.LITTLE_ENDIAN)
                            .putInt(0)
                            .putInt(subtype)
                            .put(Driver.lun(0, slot.unit()))
                            .putLong(slot.tag)
                            .array());
            memory.putByte(at + 32, 0xff);
            control.readable(at, 24).writable(at + 32, 1);
            controlByHead[control.offer()] = i;
        }
    }

    private boolean collect(MockQueue control, MockQueue requests) {
        boolean any = false;
        while (control.collect()) {
            any = true;
            int number = controlByHead[control.usedHead()];
            assertTrue(controlBusy[number]);
            controlBusy[number] = false;
            int response = memory.getByte(CONTROLS + 64L * number + 32);
            assertTrue(
                    response == Response.FUNCTION_COMPLETE || response == Response.FUNCTION_SUCCEEDED,
                    () -> "response " + response);
            ended++;
        }
        while (requests.collect()) {
            any = true;
            Slot slot = byHead[requests.usedHead()];
            assertTrue(slot.busy, "a command that has been answered twice");
            slot.busy = false;
            check(slot);
        }
        return any;
    }

    private void check(Slot slot) {
        int code = memory.getByte(slot.address() + RESPONSE + 11);
        int status = memory.getByte(slot.address() + RESPONSE + 10);
        if (code == Response.OK) {
            answered++;
        } else {
            assertTrue(code == Response.ABORTED || code == Response.RESET, () -> "response " + code);
            assertTrue(slot.functionsBefore < sent, "nobody aborted that");
            aborted += code == Response.ABORTED ? 1 : 0;
            reset += code == Response.RESET ? 1 : 0;
        }
        boolean good = code == Response.OK && status == 0;
        if (code == Response.OK && status != 0) {
            // What a reset leaves to tell.
            assertEquals(6, memory.getByte(slot.address() + RESPONSE + 12 + 2));
        } else if (slot.write) {
            if (good) {
                slot.possible.clear();
            }
            slot.possible.add(slot.version);
        } else if (good) {
            long found = memory.getLong(slot.address() + DATA);
            assertTrue(slot.possible.contains(found), () -> found + " is none of " + slot.possible);
            for (int i = 0; i < LENGTH; i += Long.BYTES) {
                assertEquals(found, memory.getLong(slot.address() + DATA + i));
            }
            slot.possible.clear();
            slot.possible.add(found);
        }
        assertFalse(slot.possible.isEmpty());
    }
}
