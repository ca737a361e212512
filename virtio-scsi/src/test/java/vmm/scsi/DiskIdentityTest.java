package vmm.scsi;

import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import vmm.scsi.block.DiskGeometry;

class DiskIdentityTest {
    private static DiskIdentity named(String vendor, String product, String revision) {
        return new DiskIdentity(vendor, product, revision, "", Optional.empty());
    }

    @Test
    void whatDoesNotFitIsRefused() {
        DiskIdentity identity = DiskIdentity.DEFAULT;

        assertThrows(IllegalArgumentException.class, () -> named("NINECHARS", "", ""));
        assertThrows(IllegalArgumentException.class, () -> named("", "SEVENTEEN LETTERS", ""));
        assertThrows(IllegalArgumentException.class, () -> named("", "", "1.2.3"));
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
