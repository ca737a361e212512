package vmm.firmware;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;

/** Intel's ACPI compiler and disassembler, as a second opinion on tables. */
public final class Iasl {
    private static final int CHECKSUM = 9;
    private static final int CREATOR = 28;
    private static final int CREATOR_END = 36;

    private Iasl() {}

    /** Skips the test where iasl is not installed. */
    public static void assumeInstalled() {
        boolean installed = Arrays.stream(System.getenv("PATH").split(":", -1))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, "iasl")));
        assumeTrue(installed, "iasl is not installed (Debian package acpica-tools)");
    }

    /**
     * Disassembles a table and compiles the result, and checks that neither finds anything to say and that the same
     * bytes come out.
     *
     * @return the table in ASL
     */
    public static String roundTrip(Path folder, String name, byte[] table) throws IOException {
        Path aml = Files.write(folder.resolve(name + ".aml"), table);
        // -dl: an operator for each opcode; below, -oa: leave integers and names as they are written
        runSilently(folder, "iasl", "-dl", aml.getFileName().toString());
        Path asl = folder.resolve(name + ".dsl");
        String text = Files.readString(asl, ISO_8859_1);
        runSilently(folder, "iasl", "-oa", "-p", "again", asl.getFileName().toString());
        byte[] again = Files.readAllBytes(folder.resolve("again.aml"));
        assertEquals(text(comparable(table)), text(comparable(again)), text);
        return text;
    }

    /** A table of a header and these terms. */
    public static byte[] ssdt(byte[] content) {
        byte[] table = new byte[CREATOR_END + content.length];
        ByteBuffer.wrap(table)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put("SSDT".getBytes(ISO_8859_1))
                .putInt(table.length)
                .put((byte) 2)
                .put((byte) 0)
                .put("VMM   VMMTEST ".getBytes(ISO_8859_1))
                .putInt(1)
                .put("VMM ".getBytes(ISO_8859_1))
                .putInt(1)
                .put(content);
        int sum = 0;
        for (byte b : table) {
            sum += b;
        }
        table[CHECKSUM] = (byte) -sum;
        return table;
    }

    /** The table without the compiler's name in it, and without the checksum that follows from it. */
    private static byte[] comparable(byte[] table) {
        byte[] bytes = table.clone();
        if (bytes[0] != 'F' || bytes[3] != 'S') { // a FACS has no such header
            bytes[CHECKSUM] = 0;
            Arrays.fill(bytes, CREATOR, CREATOR_END, (byte) 0);
        }
        return bytes;
    }

    private static String text(byte[] bytes) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < bytes.length; i++) {
            text.append(i % 16 == 0 ? "\n" : " ").append("%02x".formatted(bytes[i]));
        }
        return text.toString();
    }

    private static void runSilently(Path folder, String... command) throws IOException {
        Process process = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), ISO_8859_1);
        try {
            assertEquals(0, process.waitFor(), output);
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
        String said = output.replace("0 Errors, 0 Warnings, 0 Remarks", "").toLowerCase(Locale.ROOT);
        assertFalse(said.matches("(?s).*\\b(error|warning|remark)s?\\b.*"), output);
    }
}
