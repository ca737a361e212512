package vmm.scsi.primary;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import vmm.block.FakeDisk;
import vmm.scsi.BigEndian;
import vmm.scsi.DiskIdentity;
import vmm.scsi.Initiator;
import vmm.scsi.ScsiStatus;
import vmm.scsi.WorldWideName;
import vmm.scsi.block.DiskGeometry;
import vmm.scsi.block.ScsiDisk;

class InquiryTest {
    private final FakeDisk medium = new FakeDisk(1 << 20);

    private static ScsiDisk disk(FakeDisk medium, String serial, String wwn) {
        DiskIdentity identity = new DiskIdentity(
                "ACME",
                "ROCKET DISK",
                "1.25",
                serial,
                wwn.isEmpty() ? Optional.empty() : Optional.of(WorldWideName.parse(wwn)));
        return new ScsiDisk(medium, identity, new DiskGeometry(512, 4096), true);
    }

    private Initiator initiator() {
        return Initiator.of(disk(medium, "S-42", "50014ee2b5e7a1f0"));
    }

    @Test
    void standardDataNameTheDiskAndTheStandardsItObeys() {
        // SPC-5 6.7.2: direct access, SPC-4, NORMACA, response data format 2, 91 bytes more, TPGS, 3PC, command
        // queuing; then the
        // names; then SAM-5, SPC-4, SPC-5, SBC-3 and SBC-4 from byte 58 on
        byte[] expected = new byte[96];
        System.arraycopy(HexFormat.of().parseHex("000006325b180002"), 0, expected, 0, 8);
        System.arraycopy("ACME    ROCKET DISK     1.25".getBytes(US_ASCII), 0, expected, 8, 28);
        System.arraycopy(HexFormat.of().parseHex("00a00260046005c004c00600"), 0, expected, 58, 12);

        Initiator.Result result = initiator().read("12 00 00 00 ff 00", 255);

        assertArrayEquals(expected, result.data());
        assertEquals(255 - 96, result.residual());
    }

    @Test
    void theAllocationLengthCutsTheDataAndTheAdditionalLengthStaysWhatItWouldBe() {
        Initiator.Result result = initiator().read("12 00 00 00 05 00", 5);

        assertEquals("00 00 06 32 5b", result.hex());
        assertEquals(0, result.residual());
    }

    @Test
    void anAllocationLengthOfZeroIsNoError() {
        assertEquals(ScsiStatus.GOOD, initiator().read("12 00 00 00 00 00", 0).status());
    }

    @Test
    void thePagesThatAreListedAreThePagesThatThereAre() {
        Initiator initiator = initiator();

        assertEquals(
                "00 00 00 0b 00 80 83 85 86 87 8a 8f b0 b1 b2",
                initiator.read("12 01 00 00 ff 00", 255).hex());

        for (int page = 0; page < 256; page++) {
            boolean listed = Arrays.asList(0, 0x80, 0x83, 0x85, 0x86, 0x87, 0x8a, 0x8f, 0xb0, 0xb1, 0xb2)
                    .contains(page);
            Initiator.Result result =
                    initiator.send(0, new byte[] {0x12, 1, (byte) page, 0, (byte) 255, 0}, new byte[0], 255, 1);
            assertEquals(listed ? ScsiStatus.GOOD : ScsiStatus.CHECK_CONDITION, result.status());
            if (listed) {
                assertEquals(page, result.data()[1] & 0xff);
                assertEquals(result.data().length - 4, BigEndian.get16(result.data(), 2));
            }
        }
    }

    @Test
    void theSerialNumberIsWhatTheUserSaid() {
        assertEquals(
                "00 80 00 04 53 2d 34 32",
                initiator().read("12 01 80 00 ff 00", 255).hex());
    }

    @Test
    void aDiskWithoutASerialNumberAnswersSpaces() {
        // SPC-5, Unit Serial Number page
        Initiator initiator = Initiator.of(disk(medium, "", ""));

        assertEquals(
                "00 80 00 08 20 20 20 20 20 20 20 20",
                initiator.read("12 01 80 00 ff 00", 255).hex());
    }

    @Test
    void aWorldWideNameBecomesAnNaaDesignator() {
        byte[] page = initiator().read("12 01 83 00 ff 00", 255).data();

        // SPC-5, Device Identification page: binary, NAA of the logical unit, 8 bytes
        assertEquals(
                "01 03 00 08 50 01 4e e2 b5 e7 a1 f0",
                HexFormat.ofDelimiter(" ").formatHex(page, 4, 16));
        // SPC-5, Device Identification page: ASCII, T10 vendor ID
        assertEquals("02 01 00 1c", HexFormat.ofDelimiter(" ").formatHex(page, 16, 20));
        assertEquals("ACME    ROCKET DISK     S-42", new String(page, 20, 28, US_ASCII));
        // relative target port 1, target port group 1; the first designator once more, as a SCSI name string
        assertEquals(
                "01 14 00 04 00 00 00 01 01 15 00 04 00 00 00 01 03 08 00 18",
                HexFormat.ofDelimiter(" ").formatHex(page, 48, 68));
        assertEquals("naa.50014EE2B5E7A1F0\0\0\0\0", new String(page, 68, 24, US_ASCII));
        assertEquals(92, page.length);
    }

    @Test
    void aLongWorldWideNameBecomesALongDesignator() {
        Initiator initiator = Initiator.of(disk(medium, "", "naa.600140512345678900000000DEADBEEF"));

        assertEquals(
                "01 03 00 10 60 01 40 51 23 45 67 89 00 00 00 00 de ad be ef",
                HexFormat.ofDelimiter(" ")
                        .formatHex(initiator.read("12 01 83 00 ff 00", 255).data(), 4, 24));
    }

    @Test
    void anExtendedUniqueIdentifierIsADesignatorOfItsOwnType() {
        byte[] page = identification(disk(medium, "", "eui.0011223344556677"));

        // SPC-5 7.7.6.5: binary, EUI-64 based, of the logical unit
        assertEquals(
                "01 02 00 08 00 11 22 33 44 55 66 77",
                HexFormat.ofDelimiter(" ").formatHex(page, 4, 16));
        assertEquals("eui.0011223344556677\0\0\0\0", new String(page, page.length - 24, 24, US_ASCII));
    }

    private static byte[] identification(ScsiDisk disk) {
        return Initiator.of(disk).read("12 01 83 00 ff 00", 255).data();
    }

    /** Linux takes no notice of other names if there is a world wide one. */
    @Test
    void aSerialNumberIsANameEnough() {
        byte[] page = identification(disk(medium, "A", ""));

        assertEquals("02 01 00 19", HexFormat.ofDelimiter(" ").formatHex(page, 4, 8));
        assertEquals("ACME    ROCKET DISK     A", new String(page, 8, 25, US_ASCII));
        assertEquals("01 14 00 04", HexFormat.ofDelimiter(" ").formatHex(page, 33, 37));
        assertEquals("01 15 00 04", HexFormat.ofDelimiter(" ").formatHex(page, 41, 45));
        assertEquals(49, page.length);
    }

    @Test
    void withoutEitherNameTheDesignatorIsLocallyAssignedAndFollowsTheMedium() {
        byte[] one = identification(disk(medium, "", ""));

        assertEquals(0x3, one[8] >> 4 & 0xf);
        assertArrayEquals(one, identification(disk(medium, "", "")));
    }

    @Test
    void aWorldWideNameOfOnesOwnFollowsTheSerialNumber() {
        DiskIdentity one = DiskIdentity.DEFAULT.withSerial("A").withLocalName();

        assertEquals('3', one.wwn().orElseThrow().digits().charAt(0));
        assertEquals(one, DiskIdentity.DEFAULT.withSerial("A").withLocalName());
        assertNotEquals(
                one.wwn(), DiskIdentity.DEFAULT.withSerial("B").withLocalName().wwn());
    }

    @Test
    void blockLimitsTellThePhysicalBlock() {
        byte[] page = initiator().read("12 01 b0 00 ff 00", 255).data();

        assertEquals("00 b0 00 3c 00 ff 00 08", HexFormat.ofDelimiter(" ").formatHex(page, 0, 8));
    }

    @Test
    void theMediumDoesNotRotateAndIsThinlyProvisioned() {
        byte[] characteristics = initiator().read("12 01 b1 00 ff 00", 255).data();

        assertEquals("00 b1 00 3c 00 01", HexFormat.ofDelimiter(" ").formatHex(characteristics, 0, 6));
        assertEquals(64, characteristics.length);
        assertEquals(
                "00 b2 00 04 00 e4 02 00",
                initiator().read("12 01 b2 00 ff 00", 255).hex());
    }

    @Test
    void aPageCodeWithoutEvpdIsAnInvalidField() {
        Initiator.Result result = initiator().read("12 00 80 00 ff 00", 255);

        // SPC-5, field pointer: SKSV, command data, no bit pointer, byte 2
        assertEquals("70 00 05 00 00 00 00 0a 00 00 00 00 24 00 00 c0 00 02", result.senseHex());
    }

    @Test
    void theObsoleteCmddtBitIsAnInvalidField() {
        Initiator.Result result = initiator().read("12 02 00 00 ff 00", 255);

        // bit pointer valid, bit 1 of byte 1
        assertEquals("70 00 05 00 00 00 00 0a 00 00 00 00 24 00 00 c9 00 01", result.senseHex());
    }

    @Test
    void dataGoToScatteredBuffersInOrder() {
        Initiator initiator = initiator();
        byte[] cdb = HexFormat.of().parseHex("12000000ff00");

        assertArrayEquals(
                initiator.send(0, cdb, new byte[0], 255, 1).data(),
                initiator.send(0, cdb, new byte[0], 255, 13).data());
    }
}
