package vmm.scsi.copy;

import java.util.Arrays;
import vmm.scsi.LogicalUnit;
import vmm.scsi.ParameterList;

/**
 * An Identification Descriptor CSCD descriptor (SPC-5): a copy source or copy destination by a name that it has in its
 * Device Identification page.
 *
 * @param designatorType DESIGNATOR TYPE
 * @param designator the name
 * @param blockLength DISK BLOCK LENGTH in bytes, 0 if the initiator does not say
 */
@SuppressWarnings("ArrayRecordComponent") // Nobody compares these.
record CscdDescriptor(int designatorType, byte[] designator, int blockLength) {
    /** How long it is. */
    static final int LENGTH = 32;

    /** DESCRIPTOR TYPE CODE. */
    static final int IDENTIFICATION = 0xe4;

    private static final int MAX_DESIGNATOR = 20;

    /** Reads the one at {@code offset}, which is whole and has the type code. */
    static CscdDescriptor parse(ParameterList list, int offset) {
        int length = Math.min(list.u8(offset + 7), MAX_DESIGNATOR);
        byte[] name = Arrays.copyOfRange(list.bytes(), offset + 8, offset + 8 + length);
        boolean block = (list.u8(offset + 1) & 0x1f) == 0;
        return new CscdDescriptor(list.u8(offset + 5) & 0xf, name, block ? list.u24(offset + 29) : 0);
    }

    boolean names(LogicalUnit unit) {
        return unit.isNamed(designatorType, designator);
    }
}
