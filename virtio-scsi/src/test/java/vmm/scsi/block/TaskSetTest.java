package vmm.scsi.block;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import vmm.block.FakeDisk;
import vmm.linux.Errno;
import vmm.scsi.FaultInjection;
import vmm.scsi.Initiator;
import vmm.scsi.ScsiStatus;
import vmm.scsi.ServiceResponse;
import vmm.scsi.TaskAttribute;
import vmm.scsi.TaskEnding;
import vmm.scsi.TaskFunction;

/** The order of commands, what aborts them, and what goes wrong on purpose. */
class TaskSetTest {
    private static final byte[] TEST_UNIT_READY = new byte[6];
    private static final String BUS_RESET = "70 00 06 00 00 00 00 0a 00 00 00 00 29 02 00 00 00 00";
    private static final String UNIT_RESET = "70 00 06 00 00 00 00 0a 00 00 00 00 29 03 00 00 00 00";
    private static final String NEXUS_LOSS = "70 00 06 00 00 00 00 0a 00 00 00 00 29 07 00 00 00 00";

    private final FakeDisk medium = new FakeDisk(1 << 20);
    private final ScsiDisk disk = Initiator.disk(medium);
    private final Initiator initiator = Initiator.of(disk);
    private final List<ServiceResponse> responses = new ArrayList<>();

    private Initiator.Task start(Initiator from, int tag, TaskAttribute attribute, byte[] cdb) {
        Initiator.Task task = new Initiator.Task(new byte[0], 512, 1);
        task.cdb().set(cdb);
        task.identify(tag, attribute);
        from.nexus.execute(0, task);
        return task;
    }

    private Initiator.Task read(int tag, TaskAttribute attribute) {
        return start(initiator, tag, attribute, HexFormat.of().parseHex("28000000000000000100"));
    }

    private Initiator.Task ready(int tag, TaskAttribute attribute) {
        return start(initiator, tag, attribute, TEST_UNIT_READY);
    }

    private void manage(TaskFunction function, int tag) {
        initiator.nexus.manage(function, 0, tag, responses::add);
        initiator.loop.runUntilIdle();
    }

    /** Runs a command that fails and asks for an ACA condition. */
    private void becomeAllegiant() {
        Initiator.Task wrong =
                start(initiator, 9, TaskAttribute.SIMPLE, HexFormat.of().parseHex("28007fffffff00000104"));
        assertEquals(ScsiStatus.CHECK_CONDITION, wrong.status());
    }

    @Test
    void simpleCommandsPassEachOther() {
        medium.hold();
        Initiator.Task read = read(1, TaskAttribute.SIMPLE);

        assertTrue(ready(2, TaskAttribute.SIMPLE).ended());
        assertFalse(read.ended());
    }

    @Test
    void anOrderedCommandWaitsForAllBeforeItAndAllBehindItWait() {
        medium.hold();
        Initiator.Task before = read(1, TaskAttribute.SIMPLE);
        Initiator.Task ordered = ready(2, TaskAttribute.ORDERED);
        Initiator.Task behind = ready(3, TaskAttribute.SIMPLE);
        assertFalse(ordered.ended() || behind.ended());

        medium.release();

        assertTrue(before.ended() && ordered.ended() && behind.ended());
    }

    @Test
    void aCommandAtTheHeadOfTheQueuePassesThoseThatWait() {
        medium.hold();
        read(1, TaskAttribute.SIMPLE);
        Initiator.Task ordered = ready(2, TaskAttribute.ORDERED);

        assertTrue(ready(3, TaskAttribute.HEAD_OF_QUEUE).ended());
        assertFalse(ordered.ended());
    }

    @Test
    void simpleCommandsWaitForOneAtTheHeadOfTheQueue() {
        medium.hold();
        read(1, TaskAttribute.HEAD_OF_QUEUE);
        Initiator.Task simple = ready(2, TaskAttribute.SIMPLE);
        assertFalse(simple.ended());

        medium.release();

        assertTrue(simple.ended());
    }

    @Test
    void aFullTaskSetTakesNoMore() {
        disk.limitTaskSets(2);
        medium.hold();
        read(1, TaskAttribute.SIMPLE);
        read(2, TaskAttribute.SIMPLE);

        assertEquals(ScsiStatus.TASK_SET_FULL, ready(3, TaskAttribute.SIMPLE).status());

        medium.release();
        assertEquals(ScsiStatus.GOOD, ready(4, TaskAttribute.SIMPLE).status());
    }

    @Test
    void eachNexusHasATaskSetOfItsOwn() {
        Initiator other = Initiator.of(disk);
        medium.hold();
        read(1, TaskAttribute.ORDERED);

        assertTrue(start(other, 1, TaskAttribute.SIMPLE, TEST_UNIT_READY).ended());
    }

    @Test
    void aContingentAllegianceLetsOnlyAcaCommandsInUntilItIsCleared() {
        becomeAllegiant();

        assertEquals(ScsiStatus.ACA_ACTIVE, ready(1, TaskAttribute.SIMPLE).status());
        assertEquals(ScsiStatus.GOOD, ready(2, TaskAttribute.ACA).status());
        manage(TaskFunction.CLEAR_ACA, 0);
        assertEquals(ScsiStatus.GOOD, ready(3, TaskAttribute.SIMPLE).status());
        manage(TaskFunction.CLEAR_ACA, 0);
        assertEquals(List.of(ServiceResponse.FUNCTION_COMPLETE, ServiceResponse.FUNCTION_REJECTED), responses);
    }

    @Test
    void aContingentAllegianceBlocksWhatWaitsAndAllowsOneAcaCommandAtATime() {
        medium.hold();
        Initiator.Task read = read(1, TaskAttribute.SIMPLE);
        Initiator.Task ordered = ready(2, TaskAttribute.ORDERED);
        start(initiator, 3, TaskAttribute.HEAD_OF_QUEUE, HexFormat.of().parseHex("28007fffffff00000104"));
        medium.releaseOne();
        assertTrue(read.ended());
        assertFalse(ordered.ended());

        Initiator.Task aca = read(4, TaskAttribute.ACA);
        assertEquals(ScsiStatus.ACA_ACTIVE, read(5, TaskAttribute.ACA).status());
        manage(TaskFunction.CLEAR_ACA, 0);
        assertTrue(ordered.ended() || responses.isEmpty());
        medium.release();

        assertEquals(TaskEnding.ABORTED, aca.ending());
        assertEquals(ScsiStatus.GOOD, ordered.status());
        assertEquals(List.of(ServiceResponse.FUNCTION_COMPLETE), responses);
    }

    @Test
    void anAcaCommandWithoutContingentAllegianceIsInvalid() {
        Initiator.Task task = ready(1, TaskAttribute.ACA);

        assertEquals(ScsiStatus.CHECK_CONDITION, task.status());
        assertEquals(0x4900, task.sense().additionalCode());
    }

    @Test
    void anAbortedCommandThatWaitsEndsAtOnceAndLetsOthersGo() {
        medium.hold();
        read(1, TaskAttribute.SIMPLE);
        Initiator.Task ordered = ready(2, TaskAttribute.ORDERED);
        Initiator.Task behind = ready(3, TaskAttribute.SIMPLE);

        manage(TaskFunction.ABORT_TASK, 2);

        assertEquals(TaskEnding.ABORTED, ordered.ending());
        assertTrue(behind.ended());
        assertEquals(List.of(ServiceResponse.FUNCTION_COMPLETE), responses);
    }

    @Test
    void anAbortEndsAfterACommandThatTheMediumWorksFor() {
        medium.hold();
        Initiator.Task read = read(1, TaskAttribute.SIMPLE);
        manage(TaskFunction.ABORT_TASK_SET, 0);
        assertFalse(read.ended());
        assertEquals(List.of(), responses);

        medium.release();

        assertEquals(TaskEnding.ABORTED, read.ending());
        assertEquals(List.of(ServiceResponse.FUNCTION_COMPLETE), responses);
    }

    @Test
    void queriesFindCommandsAndAttentions() {
        medium.hold();
        read(1, TaskAttribute.SIMPLE);
        manage(TaskFunction.QUERY_TASK, 1);
        manage(TaskFunction.QUERY_TASK, 2);
        manage(TaskFunction.QUERY_TASK_SET, 0);
        manage(TaskFunction.QUERY_ASYNCHRONOUS_EVENT, 0);
        disk.raise(vmm.scsi.UnitAttention.CAPACITY_CHANGED);
        manage(TaskFunction.QUERY_ASYNCHRONOUS_EVENT, 0);

        assertEquals(
                List.of(
                        ServiceResponse.FUNCTION_SUCCEEDED,
                        ServiceResponse.FUNCTION_COMPLETE,
                        ServiceResponse.FUNCTION_SUCCEEDED,
                        ServiceResponse.FUNCTION_COMPLETE,
                        ServiceResponse.FUNCTION_SUCCEEDED),
                responses);
    }

    @Test
    void aLogicalUnitResetEndsTheCommandsOfAllAndTellsAll() {
        Initiator other = Initiator.of(disk);
        medium.hold();
        Initiator.Task own = read(1, TaskAttribute.SIMPLE);
        Initiator.Task foreign =
                start(other, 1, TaskAttribute.SIMPLE, HexFormat.of().parseHex("28000000000000000100"));
        manage(TaskFunction.LOGICAL_UNIT_RESET, 0);
        assertEquals(List.of(), responses);

        medium.release();
        other.loop.runUntilIdle();
        initiator.loop.runUntilIdle();

        assertEquals(TaskEnding.RESET, own.ending());
        assertEquals(TaskEnding.RESET, foreign.ending());
        assertEquals(List.of(ServiceResponse.FUNCTION_COMPLETE), responses);
        assertEquals(UNIT_RESET, initiator.send("00 00 00 00 00 00").senseHex());
        assertEquals(UNIT_RESET, other.send("00 00 00 00 00 00").senseHex());
    }

    @Test
    void whatAnotherNexusAbortsEndsWithTaskAbortedIfTheUnitSaysSo() {
        Initiator other = Initiator.of(disk);
        initiator.write("15 10 00 00 10 00", HexFormat.of().parseHex("00000000" + "0a0a22100040" + "0000ffff0000"));
        other.settle(0);
        medium.hold();
        Initiator.Task foreign =
                start(other, 1, TaskAttribute.SIMPLE, HexFormat.of().parseHex("28000000000000000100"));

        manage(TaskFunction.LOGICAL_UNIT_RESET, 0);
        medium.release();

        assertEquals(TaskEnding.ANSWERED, foreign.ending());
        assertEquals(ScsiStatus.TASK_ABORTED, foreign.status());
    }

    @Test
    void whatAnotherNexusAbortsWithoutAStatusIsToldLater() {
        medium.hold();
        Initiator.Task read = read(1, TaskAttribute.SIMPLE);
        disk.forEachNexus(nexus -> nexus.abortForOther(() -> responses.add(ServiceResponse.FUNCTION_COMPLETE)));
        medium.release();

        assertEquals(TaskEnding.ABORTED, read.ending());
        assertEquals(List.of(ServiceResponse.FUNCTION_COMPLETE), responses);
        assertEquals(
                "70 00 06 00 00 00 00 0a 00 00 00 00 2f 00 00 00 00 00",
                initiator.send("00 00 00 00 00 00").senseHex());
    }

    @Test
    void aTargetResetReachesAllUnitsAndANexusResetTellsOnlyItsOwn() {
        Initiator other = Initiator.of(disk);
        manage(TaskFunction.TARGET_RESET, 0);
        other.loop.runUntilIdle();
        initiator.loop.runUntilIdle();
        assertEquals(BUS_RESET, initiator.send("00 00 00 00 00 00").senseHex());
        assertEquals(BUS_RESET, other.send("00 00 00 00 00 00").senseHex());

        manage(TaskFunction.I_T_NEXUS_RESET, 0);
        assertEquals(NEXUS_LOSS, initiator.send("00 00 00 00 00 00").senseHex());
        assertEquals(ScsiStatus.GOOD, other.send("00 00 00 00 00 00").status());
        assertEquals(2, responses.size());
    }

    @Test
    void noUnitAtThatNumberIsSaid() {
        initiator.nexus.manage(TaskFunction.ABORT_TASK_SET, 5, 0, responses::add);

        assertEquals(List.of(ServiceResponse.INCORRECT_LOGICAL_UNIT_NUMBER), responses);
    }

    @Test
    void injectedFaultsAreCountedDown() {
        FaultInjection faults = new FaultInjection();
        faults.busy(1);
        faults.loseResponses(1);
        disk.inject(faults);

        assertEquals(ScsiStatus.BUSY, ready(1, TaskAttribute.SIMPLE).status());
        Initiator.Task lost = ready(2, TaskAttribute.SIMPLE);
        assertFalse(lost.ended());
        assertTrue(ready(3, TaskAttribute.SIMPLE).ended());
        manage(TaskFunction.ABORT_TASK, 2);
        assertEquals(TaskEnding.ABORTED, lost.ending());
    }

    @Test
    void aLostCommandGoesOnWhenFaultsAreClearedUnlessItWasAborted() {
        FaultInjection faults = new FaultInjection();
        faults.loseResponses(2);
        disk.inject(faults);
        Initiator.Task lost = ready(1, TaskAttribute.SIMPLE);
        Initiator.Task aborted = ready(2, TaskAttribute.SIMPLE);
        manage(TaskFunction.ABORT_TASK, 2);
        assertFalse(lost.ended());

        faults.clear();
        initiator.loop.runUntilIdle();

        assertEquals(ScsiStatus.GOOD, lost.status());
        assertEquals(TaskEnding.ABORTED, aborted.ending());
    }

    @Test
    void aDelayedCommandBeginsLaterUnlessItIsAborted() {
        FaultInjection faults = new FaultInjection();
        faults.delay(2, Duration.ofMillis(20));
        disk.inject(faults);
        Initiator.Task late = ready(1, TaskAttribute.SIMPLE);
        Initiator.Task aborted = ready(2, TaskAttribute.SIMPLE);
        assertFalse(late.ended());

        manage(TaskFunction.ABORT_TASK, 2);
        initiator.loop.advance(TimeUnit.MILLISECONDS.toNanos(30));
        initiator.loop.runUntilIdle();

        assertEquals(ScsiStatus.GOOD, late.status());
        assertEquals(TaskEnding.ABORTED, aborted.ending());
    }

    @Test
    void aBadRangeFailsWhatTouchesItAndNamesTheFirstBadBlock() {
        FaultInjection faults = new FaultInjection();
        faults.failRange(10 * 512, 2 * 512, Errno.EIO);
        disk.inject(faults);

        Initiator.Result read = initiator.read("28 00 00 00 00 08 00 00 08 00", 8 * 512);

        assertEquals("f0 00 03 00 00 00 0a 0a 00 00 00 00 11 00 00 00 00 00", read.senseHex());
        assertEquals(
                ScsiStatus.GOOD,
                initiator.read("28 00 00 00 00 0c 00 00 08 00", 8 * 512).status());
        disk.inject(null);
        assertEquals(
                ScsiStatus.GOOD,
                initiator.read("28 00 00 00 00 08 00 00 08 00", 8 * 512).status());
    }
}
