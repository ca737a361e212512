package vmm.scsi.reservation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static vmm.scsi.ScsiStatus.GOOD;
import static vmm.scsi.ScsiStatus.RESERVATION_CONFLICT;
import static vmm.scsi.reservation.ReservationType.WRITE_EXCLUSIVE;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vmm.block.FakeDisk;
import vmm.linux.HostException;
import vmm.scsi.DiskIdentity;
import vmm.scsi.NexusId;
import vmm.scsi.TransportId;
import vmm.scsi.block.DiskGeometry;
import vmm.scsi.block.NonvolatileState;
import vmm.scsi.block.ScsiDisk;
import vmm.scsi.primary.Registrant;
import vmm.scsi.primary.SavedModes;

/**
 * Two virtual machines that share a disk, each with files of its own open: locks belong to open files, so these keep
 * each other out as two processes do.
 */
class SharedReservationsTest {
    @TempDir
    private Path folder;

    private Path file;
    private Reservations left;
    private Reservations right;
    private Registrant one;
    private Registrant two;

    @BeforeEach
    void start() {
        file = folder.resolve("disk.img.reservations");
        left = Reservations.shared(file, "left");
        right = Reservations.shared(file, "right");
        one = new Registrant(disk(left), 0x11, TransportId.named("left"));
        two = new Registrant(disk(right), 0x22, TransportId.named("right"));
    }

    @AfterEach
    void stop() {
        left.close();
        right.close();
    }

    private static ScsiDisk disk(Reservations reservations) {
        return new ScsiDisk(
                new FakeDisk(1 << 20),
                DiskIdentity.DEFAULT,
                DiskGeometry.DEFAULT,
                true,
                false,
                new NonvolatileState(reservations, SavedModes.none()));
    }

    @Test
    void eachSeesWhatTheOtherRegistersAndReserves() {
        one.register();
        two.register();
        one.reserve(WRITE_EXCLUSIVE);

        assertEquals(left.state().registrations(), right.state().registrations());
        assertEquals(2, right.state().registrations().size());
        assertEquals(RESERVATION_CONFLICT, two.write());
        assertEquals(GOOD, two.read());
        assertEquals(GOOD, one.write());
    }

    @Test
    void whatOneDoesTheOtherIsToldOnce() {
        one.register();
        two.register();
        two.reserve(WRITE_EXCLUSIVE);

        Outcome outcome = left.change(
                state -> ServiceActions.preempt(state, id(one), 0x11, 0x22, ReservationType.EXCLUSIVE_ACCESS));

        assertTrue(outcome instanceof Outcome.Done);
        assertEquals("2a 05", two.attention());
        assertEquals("", two.attention());
        assertEquals(RESERVATION_CONFLICT, two.read());
    }

    private static NexusId id(Registrant who) {
        return who.nexus();
    }

    @Test
    void aReserveEndsWithItsVirtualMachine() {
        assertTrue(left.reserveUnit(id(one)) instanceof Outcome.Done);
        assertEquals(RESERVATION_CONFLICT, two.write());

        left.close();
        left = Reservations.inMemory();

        assertEquals(GOOD, two.write());
        assertTrue(right.reserveUnit(id(two)) instanceof Outcome.Done);
    }

    @Test
    void aRegistrationOutlivesItsVirtualMachineWhileTheOtherLives() {
        one.register();
        left.close();
        assertEquals(1, right.state().registrations().size());

        left = Reservations.shared(file, "left");

        assertEquals(1, left.state().registrations().size());
    }

    @Test
    void withoutAptplTheLastToLeaveTakesRegistrationsWithIt() {
        one.register();
        two.register();
        left.close();
        right.close();

        left = Reservations.shared(file, "left");
        right = Reservations.inMemory();

        assertEquals(0, left.state().registrations().size());
    }

    @Test
    void withAptplRegistrationsAndReservationStay() {
        left.change(state -> ServiceActions.registerAndIgnore(state, id(one), 0x11, List.of(), true));
        one.reserve(WRITE_EXCLUSIVE);
        left.close();
        right.close();

        right = Reservations.shared(file, "right");
        left = Reservations.inMemory();

        assertEquals(1, right.state().registrations().size());
        assertEquals(0, right.state().generation());
        assertEquals(RESERVATION_CONFLICT, new Registrant(disk(right), 0x22, TransportId.named("right")).write());
    }

    @Test
    void twoOfTheSameNameAreFoundOut() {
        HostException found = assertThrows(HostException.class, () -> Reservations.shared(file, "left"));

        assertTrue(found.toString().contains("same name"), found.toString());
    }

    @Test
    void aFileThatWasTamperedWithIsRefusedAtTheStartAndSurvivedLater() throws IOException {
        one.register();
        byte[] good = Files.readAllBytes(file);
        Random random = new Random(815);
        for (int round = 0; round < 300; round++) {
            byte[] bad = good.clone();
            int at = random.nextInt(bad.length);
            bad[at] = (byte) (bad[at] ^ (1 + random.nextInt(255)));
            Path other = folder.resolve("other");
            Files.write(other, bad);

            HostException refused = assertThrows(HostException.class, () -> Reservations.inFile(other));
            assertTrue(refused.toString().contains("cannot be used"), refused.toString());
        }
        Files.writeString(file, "nonsense");
        assertEquals(GOOD, two.write());
        assertEquals(Outcome.Refused.NOT_STORED, left.change(ServiceActions::freeUnit));
    }

    @Test
    void aPrivateFileIsThereOnlyWhileItIsNeeded() {
        Path own = folder.resolve("own");
        Reservations kept = Reservations.inFile(own);
        NexusId nexus = id(one);
        kept.change(state -> ServiceActions.register(state, nexus, 0, 5, List.of(), false, false));
        assertTrue(Files.notExists(own));

        kept.change(state -> ServiceActions.register(state, nexus, 5, 6, List.of(), false, true));
        assertEquals(1, Reservations.inFile(own).state().registrations().size());

        kept.change(state -> ServiceActions.register(state, nexus, 6, 7, List.of(), false, false));
        assertTrue(Files.notExists(own));
    }
}
