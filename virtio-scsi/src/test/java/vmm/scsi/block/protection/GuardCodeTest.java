package vmm.scsi.block.protection;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

class GuardCodeTest {
    private static int of(byte[] bytes) {
        return GuardCode.of(MemorySegment.ofArray(bytes), 0, bytes.length);
    }

    @Test
    void isTheCodeOfTheStandard() {
        // The check value by which catalogues of CRCs tell this one from others (CRC-16/T10-DIF).
        assertEquals(0xd0db, of("123456789".getBytes(US_ASCII)));
        assertEquals(0, of(new byte[32]));
    }
}
