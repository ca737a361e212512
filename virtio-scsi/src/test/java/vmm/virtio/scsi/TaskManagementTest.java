package vmm.virtio.scsi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import vmm.block.FakeDisk;
import vmm.scsi.DiskIdentity;
import vmm.scsi.FaultInjection;
import vmm.scsi.ScsiBus;
import vmm.scsi.block.DiskGeometry;
import vmm.scsi.block.ScsiDisk;
import vmm.scsi.primary.PrimaryUnits;
import vmm.virtio.Features;

@ParameterizedClass(name = "rings {0}")
@ValueSource(longs = {0, Features.RING_PACKED})
class TaskManagementTest {
    private static final int ABORT_TASK = 0;
    private static final int ABORT_TASK_SET = 1;
    private static final int CLEAR_ACA = 2;
    private static final int I_T_NEXUS_RESET = 4;
    private static final int LOGICAL_UNIT_RESET = 5;
    private static final int QUERY_TASK = 6;
    private static final int QUERY_TASK_SET = 7;

    private static final String READ = "28 00 00 00 00 00 00 00 01 00";
    private static final byte[] LUN_0 = Driver.lun(0, 0);

    private final FakeDisk medium = new FakeDisk(1 << 20);
    private final ScsiBus bus = new ScsiBus(PrimaryUnits.SHARED);
    private final ScsiDisk disk = disk();
    private final Driver driver;

    TaskManagementTest(long rings) {
        bus.attach(0, 0, disk);
        bus.attach(0, 1, disk());
        driver = new Driver(bus, rings);
        driver.settle();
    }

    private ScsiDisk disk() {
        return new ScsiDisk(medium, DiskIdentity.DEFAULT, DiskGeometry.DEFAULT, true);
    }

    @AfterEach
    void close() {
        medium.release();
        driver.close();
    }

    private Driver.Request offerRead(int lun, long id) {
        Driver.Request request =
                driver.offer(driver.requests, Driver.header(Driver.lun(0, lun), id, 0, READ), new byte[0], 512);
        driver.run();
        return request;
    }

    private Driver.Request manage(int subtype, byte[] lun, long id) {
        Driver.Request function = driver.manage(subtype, lun, id);
        driver.run();
        return function;
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3, 4, 5, 6, 7})
    void withNothingInFlightFunctionsAreComplete(int subtype) {
        Driver.Request function = manage(subtype, LUN_0, 5);

        assertEquals(Response.FUNCTION_COMPLETE, driver.answer(function));
        assertEquals(1, function.used);
    }

    @Test
    void whatDoesNotExistIsRejected() {
        assertEquals(Response.FUNCTION_REJECTED, driver.answer(manage(8, LUN_0, 0)));
        assertEquals(Response.FUNCTION_REJECTED, driver.answer(manage(CLEAR_ACA, LUN_0, 0)));
        assertEquals(Response.BAD_TARGET, driver.answer(manage(ABORT_TASK, Driver.lun(9, 0), 0)));
        assertEquals(Response.INCORRECT_LUN, driver.answer(manage(ABORT_TASK, Driver.lun(0, 9), 0)));
        // virtio 1.3 5.6.6.2: the logical unit is ignored where a whole nexus is meant
        assertEquals(Response.FUNCTION_COMPLETE, driver.answer(manage(I_T_NEXUS_RESET, Driver.lun(0, 9), 0)));
    }

    @Test
    void queriesTellWhatIsInFlight() {
        medium.hold();
        offerRead(0, 5);

        assertEquals(Response.FUNCTION_SUCCEEDED, driver.answer(manage(QUERY_TASK, LUN_0, 5)));
        assertEquals(Response.FUNCTION_COMPLETE, driver.answer(manage(QUERY_TASK, LUN_0, 6)));
        assertEquals(Response.FUNCTION_SUCCEEDED, driver.answer(manage(QUERY_TASK_SET, LUN_0, 0)));
        assertEquals(Response.FUNCTION_COMPLETE, driver.answer(manage(QUERY_TASK_SET, Driver.lun(0, 1), 0)));
    }

    @Test
    void anAbortEndsAfterTheTaskThatItAborts() {
        medium.hold();
        Driver.Request spared = offerRead(0, 4);
        Driver.Request task = offerRead(0, 5);
        Driver.Request abort = manage(ABORT_TASK, LUN_0, 5);
        assertFalse(task.ended() || abort.ended());

        driver.loop.post(medium::release);
        driver.run();

        assertTrue(task.ended() && abort.ended() && spared.ended());
        assertEquals(Response.ABORTED, task.code());
        assertEquals(512, task.residual());
        assertEquals(Response.FUNCTION_COMPLETE, driver.answer(abort));
        assertEquals(Response.OK, spared.code());
    }

    @Test
    void theDriverSeesAbortedTasksBeforeTheFunctionsEnd() {
        // virtio 1.3 5.6.6.2: who hears of the function's end finds all that it aborted among what was used
        AtomicInteger usedWhenTheFunctionEnded = new AtomicInteger(-1);
        driver.restart(() -> usedWhenTheFunctionEnded.set(driver.requests.used()));
        driver.settle();
        int before = driver.requests.used();
        medium.hold();
        offerRead(0, 5);
        manage(ABORT_TASK_SET, LUN_0, 0);
        assertEquals(-1, usedWhenTheFunctionEnded.get());

        driver.loop.post(medium::release);
        driver.run();

        assertEquals(before + 1, usedWhenTheFunctionEnded.get());
    }

    @Test
    void aLogicalUnitResetEndsItsTasksAndIsHeardOf() {
        medium.hold();
        Driver.Request task = offerRead(0, 5);
        Driver.Request other = offerRead(1, 6);
        Driver.Request reset = manage(LOGICAL_UNIT_RESET, LUN_0, 0);
        driver.loop.post(medium::release);
        driver.run();

        assertEquals(Response.RESET, task.code());
        assertEquals(Response.FUNCTION_COMPLETE, driver.answer(reset));
        assertEquals(Response.OK, other.code());
        assertEquals(
                "700006000000000a00000000" + "2903" + "00000000",
                offerRead(0, 7).sense());
        assertEquals(0, offerRead(0, 8).status());
    }

    @Test
    void aNexusResetEndsTheTasksOfAllLogicalUnits() {
        driver.send(0, 1, "00 00 00 00 00 00", new byte[0], 0);
        medium.hold();
        Driver.Request one = offerRead(0, 5);
        Driver.Request two = offerRead(1, 6);
        Driver.Request reset = manage(I_T_NEXUS_RESET, LUN_0, 0);
        driver.loop.post(medium::release);
        driver.run();

        assertEquals(Response.RESET, one.code());
        assertEquals(Response.RESET, two.code());
        assertTrue(reset.ended());
        assertEquals(
                "700006000000000a00000000" + "2907" + "00000000",
                offerRead(1, 7).sense());
    }

    @Test
    void twoFunctionsMayWaitForOneTask() {
        medium.hold();
        Driver.Request task = offerRead(0, 5);
        Driver.Request abort = manage(ABORT_TASK, LUN_0, 5);
        Driver.Request reset = manage(LOGICAL_UNIT_RESET, LUN_0, 0);
        driver.loop.post(medium::release);
        driver.run();

        assertTrue(abort.ended() && reset.ended());
        assertEquals(Response.RESET, task.code());
    }

    @Test
    void unknownOrShortRequestsFailWithoutBreakingTheDevice() {
        for (byte[] bytes : new byte[][] {{9, 0, 0, 0}, {0, 0, 0, 0, 5, 0, 0, 0}, {1, 0, 0, 0}}) {
            Driver.Request request = driver.offerControl(bytes, 3);
            driver.run();

            assertEquals(Response.FAILURE, driver.memory.getByte(request.response + 2));
            assertEquals(0, request.used);
        }
    }

    @Test
    void aRequestWithoutRoomForAResponseBreaksTheDevice() {
        Driver.Request request = driver.place(new byte[24], new byte[0], 1, 0);
        driver.control.readable(request.header, 24);
        driver.enter(driver.control, driver.control.offer(), request);
        driver.run();

        assertNotNull(driver.driver.broken());
    }

    @Test
    void aCommandThatWouldNeverEndIsAborted() {
        FaultInjection faults = new FaultInjection();
        faults.loseResponses(1);
        disk.inject(faults);
        Driver.Request lost = offerRead(0, 5);
        assertFalse(lost.ended());
        assertEquals(Response.FUNCTION_SUCCEEDED, driver.answer(manage(QUERY_TASK, LUN_0, 5)));

        Driver.Request abort = manage(ABORT_TASK, LUN_0, 5);

        assertEquals(Response.FUNCTION_COMPLETE, driver.answer(abort));
        assertEquals(Response.ABORTED, lost.code());
        assertEquals(512, lost.residual());
        assertEquals(Response.OK, offerRead(0, 5).code());
    }

    @Test
    void aDeviceResetEndsCommandsThatWouldNeverEnd() {
        FaultInjection faults = new FaultInjection();
        faults.loseResponses(2);
        disk.inject(faults);
        Driver.Request first = offerRead(0, 5);
        Driver.Request second = offerRead(0, 6);
        driver.restart();
        driver.settle();

        assertFalse(first.ended() || second.ended());
        assertEquals(Response.OK, offerRead(0, 7).code());
    }

    @Test
    void aQueueResetEndsItsOwnCommandsOnly() {
        FaultInjection faults = new FaultInjection();
        faults.loseResponses(2);
        disk.inject(faults);
        offerRead(0, 5);
        Driver.Request other = driver.offer(driver.moreRequests, Driver.header(LUN_0, 6, 0, READ), new byte[0], 512);
        driver.run();
        driver.device.resetQueue(2);

        assertFalse(other.ended());
        assertEquals(Response.FUNCTION_SUCCEEDED, driver.answer(manage(QUERY_TASK, LUN_0, 6)));
        assertEquals(Response.FUNCTION_COMPLETE, driver.answer(manage(QUERY_TASK, LUN_0, 5)));
    }

    @Test
    void aContingentAllegianceIsClearedByItsFunction() {
        // SAM-5 5.2: a command whose CONTROL byte has NACA fails, and others are kept out
        String broken = "28 00 7f ff ff ff 00 00 01 04";
        driver.offer(driver.requests, Driver.header(LUN_0, 5, 0, broken), new byte[0], 512);
        driver.run();
        Driver.Request kept = offerRead(0, 6);
        assertEquals(0x30, kept.status());

        assertEquals(Response.FUNCTION_COMPLETE, driver.answer(manage(CLEAR_ACA, LUN_0, 0)));
        assertEquals(0, offerRead(0, 7).status());
    }
}
