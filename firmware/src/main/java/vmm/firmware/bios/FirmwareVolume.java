package vmm.firmware.bios;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;

/**
 * What the header of a firmware volume tells (UEFI Platform Initialization 1.8, volume 3, 3.2.1), by which UEFI
 * firmware is known.
 *
 * @param variables true if it keeps variables, false if it is of any other kind
 * @param length in bytes, header included
 */
record FirmwareVolume(boolean variables, long length) {
    private static final int HEADER_SIZE = 56;
    private static final int FILE_SYSTEM_GUID = 16;
    private static final int LENGTH = 32;
    private static final int SIGNATURE = 40;

    /** "_FVH". */
    private static final int SIGNATURE_VALUE = 0x4856465f;

    /** EFI_SYSTEM_NV_DATA_FV_GUID, fff12b8d-7696-4c8b-a985-2747075b4f50, as two little-endian halves. */
    private static final long VARIABLES_GUID_LOW = 0x4c8b_7696_fff1_2b8dL;

    private static final long VARIABLES_GUID_HIGH = 0x504f_5b07_4727_85a9L;

    /** The volume at the start of a file; empty if there is none. */
    static Optional<FirmwareVolume> first(byte[] file) {
        ByteBuffer header = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        if (file.length < HEADER_SIZE || header.getInt(SIGNATURE) != SIGNATURE_VALUE) {
            return Optional.empty();
        }
        boolean variables = header.getLong(FILE_SYSTEM_GUID) == VARIABLES_GUID_LOW
                && header.getLong(FILE_SYSTEM_GUID + Long.BYTES) == VARIABLES_GUID_HIGH;
        return Optional.of(new FirmwareVolume(variables, header.getLong(LENGTH)));
    }
}
