package vmm.pci;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

final class ConfigSpaceTest {
    private final ConfigSpace config = new ConfigSpace();

    @Test
    void aWriteChangesOnlyTheWritableBits() {
        config.define(0x40, 4, 0x1122_3344, 0x00ff_0ff0);
        config.write(0x40, 4, 0xaabb_ccdd);
        assertEquals(0x11bb_3cd4, config.read(0x40, 4));
    }

    @Test
    void anUndefinedRegisterStaysZero() {
        config.write(0x80, 4, -1);
        assertEquals(0, config.read(0x80, 4));
    }

    @Test
    void aBitThatIsWriteOneToClearIgnoresZeros() {
        config.define(0x06, 2, 0, 0);
        config.defineWriteOneToClear(0x06, 2, 0xf900);
        config.set(0x06, 2, 0xf910);
        config.write(0x06, 2, 0x0000);
        assertEquals(0xf910, config.read(0x06, 2));
        config.write(0x06, 2, 0x8110);
        assertEquals(0x7810, config.read(0x06, 2));
    }

    @Test
    void bytesAndWordsAreLittleEndianPartsOfADword() {
        config.define(0x40, 4, 0x8877_6655, -1);
        assertEquals(0x88, config.read(0x43, 1));
        assertEquals(0x8877, config.read(0x42, 2));
        config.write(0x41, 1, 0x1ff);
        assertEquals(0x8877_ff55, config.read(0x40, 4));
    }

    @Test
    void aResetBringsBackTheDefinedValues() {
        config.define(0x40, 4, 0x1234, -1);
        config.write(0x40, 4, -1);
        config.set(0x80, 1, 7);
        config.reset();
        assertEquals(0x1234, config.read(0x40, 4));
        assertEquals(0, config.read(0x80, 1));
    }

    @Test
    void aSnapshotRebuildsTheSameBytes() {
        config.define(0x40, 4, 0, -1);
        config.write(0x40, 4, 0xcafe);
        byte[] snapshot = config.snapshot();
        config.reset();
        config.restore(snapshot);
        assertEquals(0xcafe, config.read(0x40, 4));
        assertArrayEquals(snapshot, config.snapshot());
    }
}
