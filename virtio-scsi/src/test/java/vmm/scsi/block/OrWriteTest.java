package vmm.scsi.block;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import vmm.block.FakeDisk;
import vmm.linux.Errno;
import vmm.scsi.Initiator;
import vmm.scsi.ScsiStatus;

/** Bitmaps, their bits and their generations. */
class OrWriteTest {
    private static final String DOES_NOT_MATCH = "70 00 05 00 00 00 00 0a 00 00 00 00 2c 0c 00 00 00 00";
    private static final int DISCARDED = 0;
    private static final int BEFORE = 0x0f;

    private final FakeDisk medium = new FakeDisk(1 << 20);
    private final ScsiDisk disk = Initiator.disk(medium);
    private final Initiator initiator = Initiator.of(disk);

    private static byte[] block(int value) {
        byte[] block = new byte[512];
        Arrays.fill(block, (byte) value);
        return block;
    }

    private String orWrite(int operation, int policy, int expected, int next, int value) {
        return send(operation, policy, expected, next, block(value)).senseHex();
    }

    private Initiator.Result send(int operation, int policy, int expected, int next, byte[] data) {
        String cdb = "7f 00 %02x %02x 00 00 00 18 00 0e 00 00 00 00 00 00 00 00 00 01 %s %s %s"
                .formatted(operation, policy, hex(expected), hex(next), hex(data.length / 512));
        return initiator.write(cdb, data);
    }

    private static String hex(int number) {
        return "00 00 00 %02x".formatted(number);
    }

    private String set(int expected, int value) {
        return orWrite(0, 0, expected, 0, value);
    }

    private String changeAndClear(int policy, int expected, int next, int value) {
        return orWrite(1, policy, expected, next, value);
    }

    private int bits() {
        return medium.content().get(JAVA_BYTE, 512) & 0xff;
    }

    @Test
    void setSetsBitsAndClearLeavesThoseThatAreSent() {
        assertEquals("", set(0, 0x0f));
        assertEquals("", set(0, 0xf0));
        assertEquals(0xff, bits());

        assertEquals("", changeAndClear(7, 0, 5, 0x3c));

        assertEquals(0x3c, bits());
        assertEquals(0, medium.content().get(JAVA_BYTE, 511), "the block before");
        assertEquals(0, medium.content().get(JAVA_BYTE, 1024), "the block behind");
    }

    /** SBC-4 table 29: what is sent for generation 1, which was before the current 2, and for 9, which never was. */
    @ParameterizedTest
    @CsvSource({"0, PA, CCG", "2, DN, CCG", "3, PA, PA", "5, DN, DN", "7, CCG, CCG"})
    void thePolicySaysWhatBecomesOfOtherGenerations(int policy, String previous, String other) {
        set(0, BEFORE);
        assertEquals("", changeAndClear(7, 0, 1, 0xff));
        assertEquals("", changeAndClear(policy, 1, 2, 0xff));

        assertDone(previous, 1, 0x10);
        assertDone(other, 9, 0x20);
        assertDone("PA", 2, 0x40);
    }

    private void assertDone(String key, int expected, int bit) {
        assertEquals(key.equals("CCG") ? DOES_NOT_MATCH : "", set(expected, bit));
        assertEquals(key.equals("PA") ? bit : DISCARDED, bits() & bit);
    }

    @Test
    void aGenerationIsChangedOnlyByWhoKnowsIt() {
        set(0, 0xff);
        assertEquals(DOES_NOT_MATCH, changeAndClear(7, 3, 4, 0));

        assertEquals(0xff, bits());
        assertEquals("", set(0, 0));
    }

    @Test
    void theOldCommandIsOfGenerationZero() {
        assertEquals("", changeAndClear(7, 0, 1, 0));
        String sixteen = "8b 00 00 00 00 00 00 00 00 01 00 00 00 01 00 00";
        assertEquals(DOES_NOT_MATCH, initiator.write(sixteen, block(1)).senseHex());

        assertEquals("", changeAndClear(7, 1, 0, 0));
        assertEquals(ScsiStatus.GOOD, initiator.write(sixteen, block(1)).status());
    }

    @Test
    void aResetKeepsTheGenerationAndANewDiskHasNone() {
        assertEquals("", changeAndClear(7, 0, 1, 0));
        disk.reset();
        initiator.settle(0);

        assertEquals(DOES_NOT_MATCH, set(0, 1));
        assertEquals("", set(1, 1));
        assertEquals(
                OrWriteGeneration.Verdict.PERFORM,
                Initiator.disk(medium).orWriteGeneration().ofSet(0));
    }

    @Test
    void aChangeThatFailsLeavesTheGeneration() {
        medium.failAt(512, 512, Errno.EIO);
        changeAndClear(7, 0, 1, 0);
        medium.repair();

        assertEquals("", set(0, 1));
    }

    @Test
    void noBlocksAreEnoughToChangeTheGeneration() {
        assertEquals(ScsiStatus.GOOD, send(1, 7, 0, 1, new byte[0]).status());

        assertEquals(DOES_NOT_MATCH, set(0, 1));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4, 6, 8, 15})
    void reservedPoliciesArePointedAt(int policy) {
        assertEquals("70 00 05 00 00 00 00 0a 00 00 00 00 24 00 00 cb 00 03", changeAndClear(policy, 0, 1, 0));
    }

    @Test
    void reservedOperationsArePointedAt() {
        assertEquals("70 00 05 00 00 00 00 0a 00 00 00 00 24 00 00 ca 00 02", orWrite(2, 7, 0, 1, 0));
    }
}
