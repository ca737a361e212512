package vmm.scsi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import vmm.scsi.block.DiskGeometry;

class DiskIdentityTest {
    private static DiskIdentity named(String wwn) {
        return new DiskIdentity("VMM", "DISK", "1", "", wwn);
    }

    @ParameterizedTest
    @ValueSource(strings = {"5000c500A1B2C3D4", "0x5000c500a1b2c3d4", "naa.5000C500A1B2C3D4"})
    void worldWideNamesComeInManyFormsAndAreKeptInOne(String wwn) {
        assertEquals("5000c500a1b2c3d4", named(wwn).wwn());
    }

    @ParameterizedTest
    @ValueSource(strings = {"5000c500a1b2c3d", "0000c500a1b2c3d4", "5000c500a1b2c3dg", "6000c500a1b2c3d4", "wwn"})
    void whatIsNoWorldWideNameIsRefused(String wwn) {
        assertThrows(IllegalArgumentException.class, () -> named(wwn));
    }

    @Test
    void whatDoesNotFitIsRefused() {
        DiskIdentity identity = DiskIdentity.DEFAULT;

        assertThrows(IllegalArgumentException.class, () -> new DiskIdentity("NINECHARS", "", "", "", ""));
        assertThrows(IllegalArgumentException.class, () -> new DiskIdentity("", "SEVENTEEN LETTERS", "", "", ""));
        assertThrows(IllegalArgumentException.class, () -> new DiskIdentity("", "", "1.2.3", "", ""));
        assertThrows(IllegalArgumentException.class, () -> identity.withSerial("x".repeat(201)));
        assertThrows(IllegalArgumentException.class, () -> identity.withSerial("caf\u00e9"));
    }

    @Test
    void geometriesAreOfPowersOfTwo() {
        assertThrows(IllegalArgumentException.class, () -> new DiskGeometry(1024, 1024));
        assertThrows(IllegalArgumentException.class, () -> new DiskGeometry(4096, 512));
        assertThrows(IllegalArgumentException.class, () -> new DiskGeometry(512, 3072));
    }
}
