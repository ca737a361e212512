package vmm.firmware.acpi;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The DSDT's methods, run by the interpreter that Linux and FreeBSD have, in a process of its own (acpiexec). */
class DsdtMethodsTest {
    private static final Pattern NOTICE = Pattern.compile("Notify on \\[(....)\\] \\S+ Value (0x..)");
    private static final Pattern INTEGER = Pattern.compile("\\[Integer\\] = ([0-9A-F]{16})");

    @TempDir
    private Path folder;

    @BeforeEach
    void writeTable() throws IOException {
        boolean installed = Arrays.stream(System.getenv("PATH").split(":", -1))
                .anyMatch(place -> Files.isExecutable(Path.of(place, "acpiexec")));
        assumeTrue(installed, "acpiexec is not installed (Debian package acpica-tools)");
        AcpiTables tables = AcpiTables.of(new AcpiConfig(2, 0x600, 0xC000_0000L, 0x2_0000_0000L, 1L << 35, true));
        AcpiTables.Placed dsdt = tables.placed().stream()
                .filter(table -> table.name().equals("DSDT"))
                .findFirst()
                .orElseThrow();
        Files.write(folder.resolve("dsdt.aml"), tables.bytes(dsdt));
    }

    /** Runs commands one after the other, on ports and memory of which every byte begins with {@code fill}. */
    private String run(int fill, String commands) throws Exception {
        Process process = new ProcessBuilder(
                        "acpiexec",
                        "-fv",
                        Integer.toString(fill),
                        "-b",
                        commands,
                        folder.resolve("dsdt.aml").toString())
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .start();
        process.getOutputStream().close();
        String said = new String(process.getInputStream().readAllBytes(), ISO_8859_1);
        assertEquals(0, process.waitFor(), said);
        // It tries to use an event that no table says anything of.
        String complaints = said.replaceAll("Unexpected AE_BAD_PARAMETER from Acpi(Enable|Disable)Gpe.*", "");
        assertFalse(complaints.matches("(?si).*(\\b(error|warning|exception)\\b|\\bAE_).*"), said);
        return said;
    }

    @Test
    void everyObjectOfAKnownNameIsOfItsType() throws Exception {
        String said = run(0, "predefined");
        assertTrue(said.contains("\\_SB.PCI0._PRT"), said);
        assertTrue(said.contains("\\_SB.PCI0.SL1F._SUN"), said);
    }

    @Test
    void theEventLooksAtEverySlotAndTellsOfThoseThatChanged() throws Exception {
        for (int pattern : new int[] {0x55, 0xAA}) {
            Set<String> expected = new TreeSet<>();
            for (int slot = 2; slot < 32; slot++) {
                if ((pattern >> slot % 8 & 1) != 0) {
                    expected.add("SL%02X 0x01".formatted(slot));
                    expected.add("SL%02X 0x03".formatted(slot));
                }
            }
            assertEquals(expected, notices(run(pattern, "execute \\_GPE._E01")));
        }
    }

    private static Set<String> notices(String said) {
        Set<String> notices = new TreeSet<>();
        for (Matcher notice = NOTICE.matcher(said); notice.find(); ) {
            assertTrue(notices.add(notice.group(1) + " " + notice.group(2)), said);
        }
        return notices;
    }

    @Test
    void ejectingASlotWritesItsBit() throws Exception {
        List<Long> written = new ArrayList<>();
        for (int first = 2; first < 32; first += 15) { // as many as fit into a command line
            List<String> commands = IntStream.range(first, first + 15)
                    .mapToObj(slot -> "execute \\_SB.PCI0.SL%02X._EJ0 1;execute \\_SB.PCI0.SLTE".formatted(slot))
                    .toList();
            Matcher integer = INTEGER.matcher(run(0, String.join(";", commands)));
            while (integer.find()) {
                written.add(Long.parseLong(integer.group(1), 16));
            }
        }
        assertEquals(IntStream.range(2, 32).mapToObj(slot -> 1L << slot).toList(), written);
    }

    @Test
    void whatBecomesOfARequestIsReportedInOneValue() throws Exception {
        String said = run(0, "execute \\_SB.PCI0.SL1F._OST 0x103 0x81 (00);execute \\_SB.PCI0.SLTS");
        Matcher integer = INTEGER.matcher(said);
        assertTrue(integer.find(), said);
        String last = integer.group(1);
        while (integer.find()) {
            last = integer.group(1);
        }
        assertEquals(0x1f03_0081L, Long.parseLong(last, 16), said);
    }

    /** The links' methods: what is set is what is current, and a link that is disabled says so. */
    @Test
    void anInterruptLinkIsDisabledByItsMethod() throws Exception {
        String said = run(
                10,
                "execute \\_SB.LNKA._STA;execute \\_SB.LNKA._CRS;execute \\_SB.LNKA._DIS;execute \\_SB.LNKA._STA;"
                        + "execute \\_SB.PCI0.ISA.PRQ0");
        List<String> numbers = new ArrayList<>();
        for (Matcher integer = INTEGER.matcher(said); integer.find(); ) {
            numbers.add(integer.group(1).substring(14));
        }
        assertEquals(List.of("0B", "09", "8A"), numbers, said);
        assertTrue(said.contains("89 06 00"), "an Interrupt descriptor: " + said);
    }
}
