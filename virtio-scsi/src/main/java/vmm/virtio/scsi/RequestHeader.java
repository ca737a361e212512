package vmm.virtio.scsi;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import vmm.scsi.Cdb;
import vmm.virtio.DescriptorChain;

/**
 * The fixed part of a request (virtio 1.3 5.6.6.1), read once out of guest memory. One for all requests, since each is
 * done with before the next is read.
 */
final class RequestHeader {
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN)
            .withInvokeExactBehavior();

    private final byte[] bytes = new byte[RequestLayout.CDB + Cdb.MAX_LENGTH];
    private int cdbLength;

    /** Reads the header of a request that is not too short for it. */
    void read(DescriptorChain chain, int cdbSize) {
        cdbLength = Math.min(cdbSize, Cdb.MAX_LENGTH);
        chain.read(0, bytes, 0, RequestLayout.CDB + cdbLength);
    }

    /** The {@code lun} field, in the form of {@link HbaAddress}. */
    long address() {
        return HbaAddress.of((long) LONG.get(bytes, RequestLayout.LUN));
    }

    /** The command identifier. */
    long id() {
        return (long) LONG.get(bytes, RequestLayout.ID);
    }

    /** The {@code task_attr} field, unsigned. */
    int taskAttribute() {
        return bytes[RequestLayout.TASK_ATTR] & 0xff;
    }

    /** Copies the CDB, as far as one can be long. */
    void copyCdb(Cdb target) {
        System.arraycopy(bytes, RequestLayout.CDB, target.bytes(), 0, cdbLength);
        target.setLength(cdbLength);
    }
}
