package vmm.scsi.primary;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static vmm.scsi.ScsiStatus.GOOD;
import static vmm.scsi.ScsiStatus.RESERVATION_CONFLICT;
import static vmm.scsi.primary.Registrant.sense;
import static vmm.scsi.reservation.ReservationType.EXCLUSIVE_ACCESS;
import static vmm.scsi.reservation.ReservationType.EXCLUSIVE_ACCESS_ALL_REGISTRANTS;
import static vmm.scsi.reservation.ReservationType.WRITE_EXCLUSIVE;
import static vmm.scsi.reservation.ReservationType.WRITE_EXCLUSIVE_ALL_REGISTRANTS;
import static vmm.scsi.reservation.ReservationType.WRITE_EXCLUSIVE_REGISTRANTS_ONLY;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import vmm.block.FakeDisk;
import vmm.scsi.Initiator;
import vmm.scsi.ScsiStatus;
import vmm.scsi.ScsiTarget;
import vmm.scsi.TransportId;
import vmm.scsi.block.ScsiDisk;
import vmm.scsi.reservation.ReservationType;

class PersistentReservationTest {
    private static final String INVALID_CDB = "5 24 00";
    private static final String INVALID_PARAMETER = "5 26 00";
    private static final String LIST_LENGTH = "5 1a 00";
    private static final String RESERVATIONS_PREEMPTED = "2a 03";
    private static final String RESERVATIONS_RELEASED = "2a 04";
    private static final String REGISTRATIONS_PREEMPTED = "2a 05";

    private final FakeDisk medium = new FakeDisk(1 << 20);
    private final ScsiDisk disk = Initiator.disk(medium);
    private final Registrant first = new Registrant(disk, 0x11);
    private final Registrant second = new Registrant(disk, 0x22);
    private final Registrant third = new Registrant(disk, 0x33);

    @Test
    void aRegistrationIsSeenByAllAndCountsInTheGeneration() {
        first.register();
        second.register();

        assertEquals(List.of(0x11L, 0x22L), third.keys());
        assertEquals(2, third.generation());
        assertEquals("", third.reservation());
    }

    @Test
    void aRegistrationWantsTheKeyThatItHas() {
        assertEquals(
                RESERVATION_CONFLICT, first.out(Registrant.REGISTER, 0, 5, 6, 0).status());
        first.register();

        assertEquals(RESERVATION_CONFLICT, first.register().status());
        assertEquals(GOOD, first.out(Registrant.REGISTER, 0, 0x11, 0x12, 0).status());
        assertEquals(List.of(0x12L), first.keys());
        assertEquals(
                GOOD,
                first.out(Registrant.REGISTER_AND_IGNORE, 0, 0x99, 0x13, 0).status());
        assertEquals(List.of(0x13L), first.keys());
    }

    @Test
    void whoIsNotRegisteredUnregistersNothing() {
        assertEquals(GOOD, first.out(Registrant.REGISTER, 0, 0, 0, 0).status());
        assertEquals(GOOD, first.out(Registrant.REGISTER_AND_IGNORE, 0, 0, 0, 0).status());
        assertEquals(0, first.generation());
    }

    @Test
    void onlyRegistrantsReserveAndOnlyWithTheirKey() {
        assertEquals(RESERVATION_CONFLICT, first.reserve(WRITE_EXCLUSIVE).status());
        first.register();

        assertEquals(
                RESERVATION_CONFLICT, first.out(Registrant.RESERVE, 1, 5, 0, 0).status());
        assertEquals(GOOD, first.reserve(WRITE_EXCLUSIVE).status());
        assertEquals("11 1", second.reservation());
    }

    @Test
    void aReservationIsRepeatedByItsHolderAndOtherwiseConflicts() {
        first.register();
        second.register();
        first.reserve(WRITE_EXCLUSIVE);

        assertEquals(GOOD, first.reserve(WRITE_EXCLUSIVE).status());
        assertEquals(RESERVATION_CONFLICT, first.reserve(EXCLUSIVE_ACCESS).status());
        assertEquals(RESERVATION_CONFLICT, second.reserve(WRITE_EXCLUSIVE).status());
    }

    @ParameterizedTest
    @EnumSource
    void eachTypeKeepsOutWhomItShould(ReservationType type) {
        first.register();
        second.register();
        first.reserve(type);
        ScsiStatus shared = type.sharedByRegistrants() ? GOOD : RESERVATION_CONFLICT;
        ScsiStatus reading = type.exclusiveAccess() ? RESERVATION_CONFLICT : GOOD;

        assertEquals(GOOD, first.read());
        assertEquals(GOOD, first.write());
        assertEquals(type.exclusiveAccess() ? shared : GOOD, second.read());
        assertEquals(shared, second.write());
        assertEquals(reading, third.read());
        assertEquals(RESERVATION_CONFLICT, third.write());
        assertEquals("", third.attention());
        assertEquals(
                GOOD, third.initiator.read("25 00 00 00 00 00 00 00 00 00", 8).status());
        assertEquals(GOOD, third.initiator.send("1b 00 00 00 01 00").status());
        assertEquals(
                RESERVATION_CONFLICT, third.initiator.send("1b 00 00 00 00 00").status());
    }

    @ParameterizedTest
    @EnumSource
    void aReleaseTellsThoseWhoSharedIt(ReservationType type) {
        first.register();
        second.register();
        first.reserve(type);

        assertEquals(GOOD, first.release(type).status());

        assertEquals(type.sharedByRegistrants() ? RESERVATIONS_RELEASED : "", second.attention());
        assertEquals("", first.attention());
        assertEquals("", third.attention());
        assertEquals(GOOD, third.write());
    }

    @Test
    void aReleaseOfAnotherTypeIsInvalidAndOneOfNothingIsGood() {
        first.register();
        second.register();
        assertEquals(GOOD, first.release(WRITE_EXCLUSIVE).status());
        first.reserve(WRITE_EXCLUSIVE);

        assertEquals("5 26 04", sense(first.release(EXCLUSIVE_ACCESS)));
        assertEquals(GOOD, second.release(WRITE_EXCLUSIVE).status());
        assertEquals(RESERVATION_CONFLICT, third.release(WRITE_EXCLUSIVE).status());
        assertEquals("11 1", third.reservation());
    }

    @Test
    void aHolderThatUnregistersReleasesAndTellsRegistrants() {
        first.register();
        second.register();
        first.reserve(WRITE_EXCLUSIVE_REGISTRANTS_ONLY);

        first.unregister();

        assertEquals("", first.reservation());
        assertEquals(RESERVATIONS_RELEASED, second.attention());
        assertEquals("", third.attention());
    }

    @Test
    void whatAllRegistrantsHoldEndsWithTheLastOfThem() {
        first.register();
        second.register();
        first.reserve(EXCLUSIVE_ACCESS_ALL_REGISTRANTS);

        first.unregister();
        assertEquals("0 8", first.reservation());
        assertEquals(RESERVATION_CONFLICT, first.read());
        assertEquals(GOOD, second.read());

        second.unregister();
        assertEquals("", first.reservation());
    }

    @Test
    void clearEndsEverythingAndTellsAllRegistrants() {
        first.register();
        second.register();
        first.reserve(EXCLUSIVE_ACCESS);

        assertEquals(RESERVATION_CONFLICT, third.clear().status());
        assertEquals(GOOD, second.clear().status());

        assertEquals(List.of(), third.keys());
        assertEquals("", third.reservation());
        assertEquals(3, third.generation());
        assertEquals(RESERVATIONS_PREEMPTED, first.attention());
        assertEquals("", second.attention());
    }

    @Test
    void preemptingAHolderTakesItsReservation() {
        first.register();
        second.register();
        third.register();
        first.reserve(WRITE_EXCLUSIVE_REGISTRANTS_ONLY);

        assertEquals(GOOD, second.preempt(0x11, EXCLUSIVE_ACCESS).status());

        assertEquals("22 3", second.reservation());
        assertEquals(List.of(0x22L, 0x33L), second.keys());
        assertEquals(REGISTRATIONS_PREEMPTED, first.attention());
        assertEquals(RESERVATIONS_RELEASED, third.attention());
        assertEquals("", second.attention());
        assertEquals(RESERVATION_CONFLICT, first.read());
    }

    @Test
    void preemptingWithTheSameTypeTellsOnlyThoseWhoLost() {
        first.register();
        second.register();
        third.register();
        first.reserve(WRITE_EXCLUSIVE);

        second.preempt(0x11, WRITE_EXCLUSIVE);

        assertEquals(REGISTRATIONS_PREEMPTED, first.attention());
        assertEquals("", third.attention());
    }

    @Test
    void preemptingAnotherKeyLeavesTheReservation() {
        first.register();
        second.register();
        third.register();
        first.reserve(WRITE_EXCLUSIVE);

        assertEquals(GOOD, second.preempt(0x33, EXCLUSIVE_ACCESS).status());

        assertEquals("11 1", first.reservation());
        assertEquals(List.of(0x11L, 0x22L), first.keys());
        assertEquals(REGISTRATIONS_PREEMPTED, third.attention());
        assertEquals("", first.attention());
    }

    @Test
    void aHolderPreemptsItselfToChangeTheType() {
        first.register();
        second.register();
        first.reserve(WRITE_EXCLUSIVE);

        assertEquals(GOOD, first.preempt(0x11, EXCLUSIVE_ACCESS).status());

        assertEquals("11 3", first.reservation());
        assertEquals(List.of(0x11L, 0x22L), first.keys());
        assertEquals(RESERVATIONS_RELEASED, second.attention());
    }

    @Test
    void whatAllRegistrantsHoldIsPreemptedWithAKeyOfZero() {
        first.register();
        second.register();
        third.register();
        first.reserve(WRITE_EXCLUSIVE_ALL_REGISTRANTS);

        second.preempt(0x11, WRITE_EXCLUSIVE);
        assertEquals("0 7", second.reservation());
        assertEquals(REGISTRATIONS_PREEMPTED, first.attention());

        second.preempt(0, WRITE_EXCLUSIVE);
        assertEquals("22 1", second.reservation());
        assertEquals(List.of(0x22L), second.keys());
        assertEquals(REGISTRATIONS_PREEMPTED, third.attention());
    }

    @Test
    void aPreemptOfNobodyConflictsAndAKeyOfZeroIsInvalid() {
        first.register();

        assertEquals(RESERVATION_CONFLICT, first.preempt(0x77, WRITE_EXCLUSIVE).status());
        assertEquals(INVALID_PARAMETER, sense(first.preempt(0, WRITE_EXCLUSIVE)));
        assertEquals(RESERVATION_CONFLICT, second.preempt(0x11, WRITE_EXCLUSIVE).status());
        assertEquals(1, first.generation());
    }

    @Test
    void preemptAndAbortEndsWhenNothingOfThePreemptedIsLeft() {
        first.register();
        second.register();
        medium.hold();
        Initiator.Task write = first.start("2a 00 00 00 00 00 00 00 01 00", new byte[512]);
        Initiator.Task preempt = second.start(
                "5f 05 03 00 00 00 00 00 18 00",
                ByteBuffer.allocate(24).putLong(0x22).putLong(0x11).array());

        second.initiator.loop.runUntilIdle();
        first.initiator.loop.runUntilIdle();
        assertFalse(preempt.ended());
        medium.release();
        first.initiator.loop.runUntilIdle();
        second.initiator.loop.runUntilIdle();

        assertTrue(write.aborted());
        assertTrue(preempt.ended());
        assertEquals(GOOD, preempt.status());
        // COMMANDS CLEARED BY ANOTHER INITIATOR: the write got no status
        assertEquals("2f 00", first.attention());
        assertEquals(REGISTRATIONS_PREEMPTED, first.attention());
    }

    @Test
    void registerAndMoveHandsTheReservationOver() {
        first.register();
        first.reserve(EXCLUSIVE_ACCESS);

        assertEquals(GOOD, move(first, 0x22, second.name(), 1, 2).status());

        assertEquals("22 3", second.reservation());
        assertEquals(List.of(0x22L), second.keys());
        assertEquals(GOOD, second.write());
        assertEquals(RESERVATION_CONFLICT, first.read());
        assertEquals(2, second.generation());
    }

    @Test
    void registerAndMoveIsRefusedAsItShould() {
        assertEquals(
                RESERVATION_CONFLICT, move(first, 0x22, second.name(), 1, 0).status());
        first.register();
        assertEquals(INVALID_CDB, sense(move(first, 0x22, second.name(), 1, 0)));
        first.reserve(EXCLUSIVE_ACCESS);
        second.register();

        assertEquals(
                RESERVATION_CONFLICT, move(second, 0x44, third.name(), 1, 0).status());
        assertEquals(INVALID_PARAMETER, sense(move(first, 0, second.name(), 1, 0)));
        assertEquals(INVALID_PARAMETER, sense(move(first, 0x44, first.name(), 1, 0)));
        assertEquals(INVALID_PARAMETER, sense(move(first, 0x44, second.name(), 7, 0)));
        assertEquals("11 3", first.reservation());
    }

    private static Initiator.Result move(Registrant from, long newKey, TransportId to, int targetPort, int flags) {
        byte[] list = ByteBuffer.allocate(48)
                .putLong(from.key)
                .putLong(newKey)
                .put((byte) 0)
                .put((byte) flags)
                .putShort((short) targetPort)
                .putInt(24)
                .put(to.bytes())
                .array();
        return from.initiator.write("5f 07 00 00 00 00 00 00 30 00", list);
    }

    @Test
    void specIPtRegistersOthersAlongUnlessTheyAreRegistered() {
        third.register();
        byte[] list = ByteBuffer.allocate(4 + 48)
                .putInt(48)
                .put(second.name().bytes())
                .put(third.name().bytes())
                .array();

        assertEquals(
                GOOD,
                first.out(Registrant.REGISTER, 0, 0, 0x11, Registrant.SPEC_I_PT, list)
                        .status());

        assertEquals(List.of(0x33L, 0x11L, 0x11L), first.keys());
        assertEquals(GOOD, second.out(Registrant.RESERVE, 1, 0x11, 0, 0).status());
        assertEquals(INVALID_CDB, sense(first.out(Registrant.REGISTER, 0, 0x11, 0x12, Registrant.SPEC_I_PT, list)));
    }

    @Test
    void brokenListsOfTransportIdsRegisterNobody() {
        byte[] tooShort = ByteBuffer.allocate(4 + 20).putInt(20).array();
        byte[] lies = ByteBuffer.allocate(4 + 24)
                .putInt(48)
                .put(second.name().bytes())
                .array();

        assertEquals(
                INVALID_PARAMETER, sense(first.out(Registrant.REGISTER, 0, 0, 0x11, Registrant.SPEC_I_PT, tooShort)));
        assertEquals(LIST_LENGTH, sense(first.out(Registrant.REGISTER, 0, 0, 0x11, Registrant.SPEC_I_PT, lies)));
        assertEquals(LIST_LENGTH, sense(first.out(Registrant.REGISTER, 0, 0, 0x11, 0, new byte[4])));
        assertEquals(
                INVALID_PARAMETER,
                sense(first.out(Registrant.REGISTER_AND_IGNORE, 0, 0, 0x11, Registrant.SPEC_I_PT, lies)));
        assertEquals(LIST_LENGTH, sense(first.initiator.write("5f 00 00 00 00 00 00 00 10 00", new byte[16])));
        assertEquals(List.of(), first.keys());
    }

    @Test
    void allTgPtRegistersThroughEveryPortThatLeadsToTheDisk() {
        new ScsiTarget(PrimaryUnits.SHARED, 2).attach(0, disk);

        first.register(Registrant.ALL_TG_PT);

        assertEquals(List.of(0x11L, 0x11L), first.keys());
        String status = HexFormat.of().formatHex(first.in(3).data());
        assertTrue(status.contains("0001" + "00000018" + first.name()), status);
        assertTrue(status.contains("0002" + "00000018" + first.name()), status);

        first.out(Registrant.REGISTER, 0, 0x11, 0, Registrant.ALL_TG_PT);
        assertEquals(List.of(), first.keys());
    }

    @Test
    void fullStatusNamesTheHolder() {
        first.register();
        second.register();
        second.reserve(EXCLUSIVE_ACCESS);

        byte[] data = first.in(3).data();

        assertEquals(8 + 2 * 48, data.length);
        assertEquals(0, data[8 + 12]);
        assertEquals(1, data[8 + 48 + 12]);
        assertEquals(3, data[8 + 48 + 13]);
    }

    @Test
    void theLengthOfTheKeysIsToldWhateverThereIsRoomFor() {
        first.register();

        Initiator.Result result = first.initiator.read("5e 00 00 00 00 00 00 00 08 00", 8);

        assertEquals("00 00 00 01 00 00 00 08", result.hex());
    }

    @Test
    void capabilitiesAreAllButReplacingWhatWasLost() {
        assertEquals("00 08 1c b0 ea 01 00 00", first.in(2).hex());
        assertEquals(INVALID_CDB, sense(first.in(4)));
        assertEquals(INVALID_CDB, sense(first.out(8, 0, 0, 0, 0)));
        assertEquals(INVALID_PARAMETER, sense(first.register(Registrant.APTPL)));
    }

    @Test
    void scopesAndTypesThatDoNotExistAreRefused() {
        first.register();

        assertEquals(INVALID_CDB, sense(first.out(Registrant.RESERVE, 0x11, 0x11, 0, 0)));
        assertEquals(INVALID_CDB, sense(first.out(Registrant.RESERVE, 0x02, 0x11, 0, 0)));
        assertEquals(INVALID_CDB, sense(first.out(Registrant.RESERVE, 0x00, 0x11, 0, 0)));
    }

    @Test
    void aResetLeavesReservationsAsTheyAre() {
        first.register();
        first.reserve(WRITE_EXCLUSIVE);

        disk.reset();
        second.attention();
        first.attention();

        assertEquals(RESERVATION_CONFLICT, second.write());
        assertEquals(GOOD, first.write());
    }

    @Test
    void tooManyRegistrationsAreRefusedAsOne() {
        ByteBuffer list = ByteBuffer.allocate(4 + 512 * 24).putInt(512 * 24);
        for (int i = 0; i < 512; i++) {
            list.put(TransportId.sas(i).bytes());
        }

        assertEquals("5 55 04", sense(first.out(Registrant.REGISTER, 0, 0, 0x11, Registrant.SPEC_I_PT, list.array())));
        assertEquals(List.of(), first.keys());
    }
}
