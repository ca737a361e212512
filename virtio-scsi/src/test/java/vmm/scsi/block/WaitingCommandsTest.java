package vmm.scsi.block;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import vmm.block.BlockDevice;
import vmm.block.BlockRequest.Operation;
import vmm.block.DiskErrorListener;
import vmm.block.ErrorPolicy;
import vmm.block.ErrorPolicy.Action;
import vmm.block.ErrorPolicyDisk;
import vmm.block.FakeDisk;
import vmm.block.ThrottleGroup;
import vmm.block.ThrottleLimits;
import vmm.block.ThrottleLimits.Rate;
import vmm.block.ThrottledDisk;
import vmm.linux.Errno;
import vmm.scsi.DiskIdentity;
import vmm.scsi.Initiator;
import vmm.scsi.ServiceResponse;
import vmm.scsi.TaskEnding;
import vmm.scsi.TaskFunction;

/** Whoever aborts commands does not wait for what these wait for: a remedy after an error, or their turn in a limit. */
class WaitingCommandsTest {
    private static final byte[] READ = HexFormat.of().parseHex("28000000000000000100");
    private static final int SIZE = 1 << 20;
    private static final int FAILING = 0;
    private static final int SLOW = 1;

    private final FakeDisk medium = new FakeDisk(SIZE);
    private final ErrorPolicyDisk failing =
            new ErrorPolicyDisk(medium, new ErrorPolicy(Action.STOP, Action.STOP), new Unheard());
    private final Initiator initiator = new Initiator();
    private final List<ServiceResponse> answers = new ArrayList<>();

    private static final class Unheard implements DiskErrorListener {
        @Override
        public void held(ErrorPolicyDisk troubled, Operation operation, int errno) {}

        @Override
        public void released(ErrorPolicyDisk healed, int errno) {}
    }

    @BeforeEach
    void attach() {
        ThrottleLimits one = new ThrottleLimits(Rate.NONE, Rate.NONE, Rate.NONE, Rate.of(1), Rate.NONE, Rate.NONE, 0);
        initiator.target.attach(FAILING, disk(failing));
        initiator.target.attach(SLOW, disk(new ThrottledDisk(new FakeDisk(SIZE), new ThrottleGroup(one))));
        initiator.settle(FAILING);
        initiator.settle(SLOW);
        medium.failAt(0, SIZE, Errno.EIO);
    }

    private static ScsiDisk disk(BlockDevice medium) {
        return new ScsiDisk(medium, DiskIdentity.DEFAULT, DiskGeometry.DEFAULT, true);
    }

    private Initiator.Task read(int lun) {
        return initiator.start(lun, READ, new byte[0], 512, 1);
    }

    @ParameterizedTest
    @EnumSource(names = {"ABORT_TASK_SET", "CLEAR_TASK_SET", "I_T_NEXUS_RESET", "LOGICAL_UNIT_RESET", "TARGET_RESET"})
    void anAbortOfAllCommandsEndsThoseThatWait(TaskFunction function) {
        List<Initiator.Task> held = List.of(read(FAILING), read(FAILING));
        // The first of them may go at once, and fills the bucket.
        read(SLOW);
        List<Initiator.Task> slow = List.of(read(SLOW), read(SLOW));
        assertTrue(Stream.concat(held.stream(), slow.stream()).noneMatch(Initiator.Task::ended));

        initiator.nexus.manage(function, FAILING, 0, answers::add);
        initiator.nexus.manage(function, SLOW, 0, answers::add);
        initiator.loop.runUntilIdle();

        assertEquals(List.of(ServiceResponse.FUNCTION_COMPLETE, ServiceResponse.FUNCTION_COMPLETE), answers);
        Stream.concat(held.stream(), slow.stream()).forEach(task -> {
            assertTrue(task.ended());
            assertTrue(task.ending() != TaskEnding.ANSWERED);
        });
        assertFalse(failing.isHolding());

        initiator.settle(FAILING);
        Initiator.Task later = read(FAILING);
        assertFalse(later.ended(), "what comes later waits again");
        medium.repair();
        failing.retry();
        initiator.loop.runUntilIdle();
        assertTrue(later.ended());
    }

    @Test
    void anAbortThatFindsNothingLeavesTheDiskAsItWas() {
        initiator.nexus.manage(TaskFunction.ABORT_TASK_SET, FAILING, 0, answers::add);
        assertEquals(List.of(ServiceResponse.FUNCTION_COMPLETE), answers);
        assertFalse(read(FAILING).ended());
    }
}
