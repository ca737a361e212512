package vmm.scsi.block;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vmm.block.FakeDisk;
import vmm.linux.HostException;
import vmm.scsi.DiskIdentity;
import vmm.scsi.Initiator;
import vmm.scsi.ScsiStatus;
import vmm.scsi.SideFile;
import vmm.scsi.primary.SavedModes;
import vmm.scsi.reservation.Reservations;

/** Mode parameters that outlive the virtual machine. */
class SavedModesTest {
    private static final String CACHING = "08 12 %02x" + " 00".repeat(17);
    private static final String SAVEABLE_CACHING = "88 12 %02x" + " 00".repeat(17);

    @TempDir
    private Path folder;

    /** A disk as a virtual machine finds it when it starts. */
    private ScsiDisk powerOn() {
        SavedModes modes = SavedModes.inFile(folder.resolve("disk.img.modes"));
        return new ScsiDisk(
                new FakeDisk(1 << 20),
                DiskIdentity.DEFAULT,
                DiskGeometry.DEFAULT,
                true,
                false,
                new NonvolatileState(Reservations.inMemory(), modes));
    }

    private static Initiator.Result select(Initiator initiator, int flags, String page) {
        byte[] list = HexFormat.ofDelimiter(" ").parseHex("00 00 00 00 " + page);
        return initiator.write("15 %02x 00 00 %02x 00".formatted(flags, list.length), list);
    }

    private static String sense(Initiator initiator, int control) {
        String answer = initiator
                .read("1a 08 %02x 00 ff 00".formatted(control << 6 | 8), 255)
                .hex();
        return answer.substring("17 00 10 00 ".length());
    }

    @Test
    void aWriteCacheThatWasTurnedOffStaysSoAfterARestart() {
        Initiator before = Initiator.of(powerOn());
        assertEquals(ScsiStatus.GOOD, select(before, 0x11, CACHING.formatted(0)).status());

        ScsiDisk restarted = powerOn();

        assertFalse(restarted.writeCache());
        Initiator after = Initiator.of(restarted);
        assertEquals(SAVEABLE_CACHING.formatted(0), sense(after, 0), "current");
        assertEquals(SAVEABLE_CACHING.formatted(4), sense(after, 1), "changeable");
        assertEquals(SAVEABLE_CACHING.formatted(4), sense(after, 2), "default");
        assertEquals(SAVEABLE_CACHING.formatted(0), sense(after, 3), "saved");
    }

    @Test
    void whatIsNotSavedLastsUntilTheReset() {
        ScsiDisk disk = powerOn();
        Initiator initiator = Initiator.of(disk);
        select(initiator, 0x11, CACHING.formatted(0));
        select(initiator, 0x10, CACHING.formatted(4));

        assertTrue(disk.writeCache());
        assertEquals(SAVEABLE_CACHING.formatted(0), sense(initiator, 3));
        disk.reset();
        assertFalse(disk.writeCache());
    }

    @Test
    void anEmptyListSavesWhatThereIs() {
        Initiator initiator = Initiator.of(powerOn());
        select(initiator, 0x10, CACHING.formatted(0));

        assertEquals(ScsiStatus.GOOD, initiator.send("15 11 00 00 00 00").status());

        assertFalse(powerOn().writeCache());
    }

    @Test
    void aListWithAnErrorSavesNothing() {
        Initiator initiator = Initiator.of(powerOn());

        assertEquals(
                ScsiStatus.CHECK_CONDITION,
                select(initiator, 0x11, CACHING.formatted(0) + " 02 02 00 00").status());

        assertFalse(Files.exists(folder.resolve("disk.img.modes")));
        assertTrue(powerOn().writeCache());
    }

    @Test
    void pagesThatNeverChangeAreNotSaveable() {
        Initiator initiator = Initiator.of(powerOn());

        assertEquals("1c", initiator.read("1a 08 1c 00 ff 00", 255).hex().substring(12, 14));
    }

    @Test
    void onlyWhatCanBeChangedIsTakenFromTheFile() throws Exception {
        ScsiDisk disk = powerOn();
        select(Initiator.of(disk), 0x11, CACHING.formatted(0));
        Path file = folder.resolve("disk.img.modes");
        String text = Files.readString(file);

        // RCD of the caching page cannot be changed; without its checksum the file would be refused
        SideFile edited = new SideFile(file, "mode parameters, format 1");
        edited.write(
                text.lines()
                        .skip(1)
                        .filter(line -> !line.startsWith("crc32c"))
                        .map(line -> line.replace("page 081200", "page 081201"))
                        .toList(),
                true);

        assertEquals(SAVEABLE_CACHING.formatted(0), sense(Initiator.of(powerOn()), 0));
    }

    @Test
    void aDamagedFileIsNamedWithTheRemedy() throws Exception {
        select(Initiator.of(powerOn()), 0x11, CACHING.formatted(0));
        Path file = folder.resolve("disk.img.modes");
        Files.writeString(file, Files.readString(file).replace("page 0812", "page 0813"));

        HostException refused = assertThrows(HostException.class, this::powerOn);

        assertEquals(
                "The mode parameters in " + file
                        + " cannot be used (its checksum is wrong): repair the file, or remove it"
                        + " to let its disk have the default ones.",
                refused.getMessage());
    }

    @Test
    void whatCannotBeStoredChangesNothing() throws Exception {
        ScsiDisk disk = powerOn();
        Files.createDirectory(folder.resolve("disk.img.modes.new"));

        Initiator.Result result = select(Initiator.of(disk), 0x11, CACHING.formatted(0));

        assertEquals("70 00 04 00 00 00 00 0a 00 00 00 00 44 00 00 00 00 00", result.senseHex());
        assertTrue(disk.writeCache());
    }
}
