package vmm.scsi.block;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import vmm.block.FakeDisk;
import vmm.block.StorageSpace;
import vmm.scsi.Cdb;
import vmm.scsi.DiskIdentity;
import vmm.scsi.Initiator;
import vmm.scsi.SupportedCommand;
import vmm.scsi.UnitAttention;
import vmm.scsi.WorldWideName;

/** Other people's decoders look at what a disk says. */
class Sg3UtilsTest {
    @TempDir
    Path folder;

    private final FakeDisk medium = new FakeDisk(1 << 20);

    private final ScsiDisk disk = new ScsiDisk(
            tellingItsSpace(medium),
            new DiskIdentity(
                    "ACME", "ROCKET DISK", "1.25", "S-42", Optional.of(WorldWideName.parse("50014ee2b5e7a1f0"))),
            new DiskGeometry(512, 4096),
            true);
    private final Initiator initiator = Initiator.of(disk);

    private static FakeDisk tellingItsSpace(FakeDisk medium) {
        medium.takeUp(new StorageSpace(7 << 20, 9 << 20));
        return medium;
    }

    private static String run(String... command) throws IOException, InterruptedException {
        Path tool = Path.of("/usr/bin", command[0]);
        assumeTrue(Files.isExecutable(tool), command[0] + " is not installed (Debian packages sg3-utils and sdparm).");
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), UTF_8);
        assertTrue(process.waitFor(10, TimeUnit.SECONDS));
        assertEquals(0, process.exitValue(), output);
        return output;
    }

    private Path hexFile(byte[] bytes) throws IOException {
        StringBuilder lines = new StringBuilder();
        for (int at = 0; at < bytes.length; at += 16) {
            int end = Math.min(bytes.length, at + 16);
            lines.append(HexFormat.ofDelimiter(" ").formatHex(bytes, at, end)).append('\n');
        }
        return Files.writeString(folder.resolve("data.hex"), lines);
    }

    private static void assertNoComplaint(String output) {
        for (String word : List.of("truncat", "unexpected", "malformed", "too short", "warning", "decode")) {
            assertFalse(output.toLowerCase(Locale.ROOT).contains(word), output);
        }
    }

    private static void assertSays(String output, String... lines) {
        String flat = output.replaceAll("\\s+", " ");
        for (String line : lines) {
            assertTrue(flat.contains(line), () -> "\"" + line + "\" is not in: " + output);
        }
    }

    @Test
    void sgInqDecodesTheStandardData() throws IOException, InterruptedException {
        Path data = hexFile(initiator.read("12 00 00 00 ff 00", 255).data());

        String output = run("sg_inq", "--inhex=" + data, "--descriptors");

        assertNoComplaint(output);
        assertSays(
                output,
                "PQual=0 PDT=0 RMB=0",
                "version=0x06 [SPC-4]",
                "HiSUP=1 Resp_data_format=2",
                "CmdQue=1",
                "length=96 (0x60)",
                "Peripheral device type: disk",
                "Vendor identification: ACME",
                "Product identification: ROCKET DISK",
                "Product revision level: 1.25",
                "SAM-5 (no version claimed) SPC-2 (no version claimed) SPC-4 (no version claimed)",
                "SPC-5 (no version claimed) SBC-3 (no version claimed) SBC-4 (no version claimed)");
    }

    @ParameterizedTest
    @ValueSource(strings = {"00", "80", "83", "85", "86", "87", "8a", "b0", "b1", "b2"})
    void sgVpdFindsNothingWrongWithAnyPage(String page) throws IOException, InterruptedException {
        Path data = hexFile(initiator.read("12 01 " + page + " 00 ff 00", 255).data());

        String output = run("sg_vpd", "--inhex=" + data, "--page=0x" + page, "--long");

        assertNoComplaint(output);
        assertSays(
                output,
                switch (page) {
                    case "00" -> "Block limits (SBC)";
                    case "80" -> "Unit serial number: S-42";
                    case "83" -> "0x50014ee2b5e7a1f0";
                    case "85" -> "VPD";
                    case "86" -> "SIMPSUP=1";
                    case "87" -> "Policy: shared";
                    case "8a" -> "Standby_z=1";
                    case "b0" -> "Optimal transfer length granularity: 8 blocks";
                    case "b1" -> "Non-rotating medium (e.g. solid state)";
                    default -> "Unmap command supported (LBPU): 1";
                });
    }

    @Test
    void sgVpdTakesThePagesDesignatorsApart() throws IOException, InterruptedException {
        Path data = hexFile(initiator.read("12 01 83 00 ff 00", 255).data());

        String output = run("sg_vpd", "--inhex=" + data, "--page=di");

        assertSays(
                output,
                "Addressed logical unit:",
                "designator type: NAA, code set: Binary",
                "designator type: T10 vendor identification, code set: ASCII",
                "vendor id: ACME",
                "vendor specific: ROCKET DISK S-42");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "00 00", "00 ff", "02 00", "03 00", "05 00", "06 00", "0c 00", "0d 00", "0e 00", "15 00", "19 00",
                "2f 00"
            })
    void sgLogsFindsNothingWrongWithAnyPage(String page) throws IOException, InterruptedException {
        int code = Integer.parseInt(page.substring(0, 2), 16) | 0x40;
        Path data = hexFile(initiator
                .read("4d 00 %02x %s 00 00 00 10 00 00".formatted(code, page.substring(3)), 4096)
                .data());

        String output = run("sg_logs", "--in=" + data);

        assertNoComplaint(output);
        assertSays(
                output,
                switch (page) {
                    case "00 00" -> "Supported log pages";
                    case "00 ff" -> "Supported log pages and subpages";
                    case "02 00" -> "Write error counter page";
                    case "03 00" -> "Read error counter page";
                    case "05 00" -> "Verify error counter page";
                    case "06 00" -> "Non-medium error";
                    case "0c 00" -> "Used LBA mapping threshold resource count: 7 Scope: dedicated to lu";
                    case "0d 00" -> "Current temperature = <not available>";
                    case "0e 00" -> "Accumulated start-stop cycles = 0";
                    case "15 00" -> "Status: no background scans active";
                    case "19 00" -> "number of read commands = ";
                    default -> "IE asc = 0x0, ascq = 0x0";
                });
    }

    @Test
    void sdparmDecodesTheModePages() throws IOException, InterruptedException {
        Path data = hexFile(initiator.read("1a 08 3f 00 ff 00", 255).data());

        String output = run("sdparm", "--six", "--all", "--inhex=" + data);

        assertNoComplaint(output);
        assertSays(output, "WCE 1", "RCD 0", "AWRE 1", "DEXCPT 1", "D_SENSE 0", "SWP 0");
    }

    @Test
    void sdparmDecodesTheProvisioningThresholds() throws IOException, InterruptedException {
        byte[] list = HexFormat.ofDelimiter(" ")
                .parseHex("00 00 00 00 00 00 00 00 5c 02 00 2c 01" + " 00".repeat(11) + " 80 01 00 00 00 00 00 05"
                        + " 00 01 00 00 00 00 00 00" + " 01 02 00 00 00 00 00 00".repeat(2));
        initiator.write("55 10 00 00 00 00 00 00 38 00", list);
        Path data = hexFile(initiator.read("1a 08 1c 02 ff 00", 255).data());

        String output = run("sdparm", "--six", "--page=lbp", "--long", "--inhex=" + data);

        assertNoComplaint(output);
        assertSays(output, "SITUA 1", "LBP_EN 1", "LBP_ARM.2 1", "LBP_RES.2 2", "LBP_COUNT 5");
    }

    @Test
    void sgDecodeSenseReadsBothFormats() throws IOException, InterruptedException {
        String fixed =
                run(sense(initiator.read("28 00 00 00 08 00 00 00 01 00", 512).senseHex()));
        assertSays(
                fixed,
                "Fixed format, current; Sense key: Illegal Request",
                "Logical block address out of range",
                "Info fld=0x800");

        String pointer = run(sense(initiator.read("12 00 80 00 ff 00", 255).senseHex()));
        assertSays(pointer, "Invalid field in cdb", "Error in Command: byte 2");

        String bit =
                run(sense(initiator.read("28 20 00 00 00 00 00 00 01 00", 512).senseHex()));
        assertSays(bit, "Error in Command: byte 1 bit 7");

        disk.raise(UnitAttention.POWER_ON);
        String descriptor = run(sense(initiator.read("03 01 00 00 fc 00", 252).hex()));
        assertSays(descriptor, "Descriptor format, current; Sense key: Unit Attention", "Power on occurred");
    }

    private static String[] sense(String hex) {
        List<String> command = new ArrayList<>(List.of("sg_decode_sense"));
        command.addAll(List.of(hex.split(" ")));
        return command.toArray(String[]::new);
    }

    @Test
    void sgDecodeSenseNamesEachCommandInOurTableAsWeDo() throws IOException, InterruptedException {
        for (SupportedCommand<? super DiskNexus> command : DiskCommands.TABLE.commands()) {
            byte[] cdb = new byte[command.cdbLength()];
            cdb[0] = command.usage()[0];
            if (command.operationCode() == Cdb.VARIABLE_LENGTH) {
                System.arraycopy(command.usage(), 7, cdb, 7, 3);
            } else {
                cdb[1] = (byte) (command.hasServiceAction() ? command.serviceAction() : 0);
            }
            List<String> line = new ArrayList<>(List.of("sg_decode_sense", "--cdb"));
            line.addAll(List.of(HexFormat.ofDelimiter(" ").formatHex(cdb).split(" ")));

            // Behind the comma is the MODE 0 of READ BUFFER and WRITE BUFFER.
            String name = run(line.toArray(String[]::new)).strip().replaceFirst(", combined header and data.*", "");

            assertEquals(canonical(command.name()).replace("LID4", ""), canonical(name), name);
        }
    }

    /** Letters and digits only. sg_decode_sense leaves (LID4) out. */
    private static String canonical(String name) {
        return name.toUpperCase(Locale.ROOT).replaceAll("[^A-Z0-9]", "");
    }
}
