package vmm.block;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import org.junit.jupiter.api.Test;
import vmm.fuzz.SeededInputs;

/** Sizes as users may write them. */
class ByteSizeFuzz {
    @FuzzTest
    void anyTextIsASizeOrRefused(FuzzedDataProvider data) {
        String text = data.consumeRemainingAsString();
        long size;
        try {
            size = ByteSize.parse(text);
        } catch (IllegalArgumentException e) {
            return;
        }
        assertTrue(size >= 0, text);
        assertEquals(size, ByteSize.parse(ByteSize.format(size)), text);
    }

    @Test
    void seededInputs() {
        SeededInputs.run(ByteSizeFuzz.class, 1000, this::anyTextIsASizeOrRefused);
    }
}
