package vmm.virtio.scsi;

import vmm.scsi.Cdb;

/** RDPROTECT, WRPROTECT and VRPROTECT (SBC-4): the first three bits of byte 1, or of byte 10 in CDBs of 32 bytes. */
final class ProtectField {
    private static final int SHIFT = 5;
    private static final int NONE = -1;

    private ProtectField() {}

    /** True if the command moves protection information. */
    static boolean isSet(Cdb cdb) {
        int offset = offset(cdb);
        return offset != NONE && cdb.u8(offset) >>> SHIFT != 0;
    }

    /** Asks for a transfer without protection information, if the command has the field. */
    static void clear(Cdb cdb) {
        int offset = offset(cdb);
        if (offset != NONE) {
            cdb.bytes()[offset] &= (1 << SHIFT) - 1;
        }
    }

    private static int offset(Cdb cdb) {
        return switch (cdb.operationCode()) {
            // READ, WRITE, WRITE AND VERIFY, VERIFY: of 10 bytes, of 16 and of 12
            case 0x28, 0x2a, 0x2e, 0x2f, 0x88, 0x8a, 0x8e, 0x8f, 0xa8, 0xaa, 0xae, 0xaf -> 1;
            case Cdb.VARIABLE_LENGTH -> 10;
            default -> NONE;
        };
    }
}
