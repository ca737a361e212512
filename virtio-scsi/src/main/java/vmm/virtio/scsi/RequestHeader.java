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

    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN)
            .withInvokeExactBehavior();

    private final byte[] bytes = new byte[RequestLayout.CDB_WITH_PI + Cdb.MAX_LENGTH];
    private int cdbOffset;
    private int cdbLength;
    private int length;

    /**
     * Reads the header of a request.
     *
     * @param cdbSize how long the {@code cdb} field is
     * @param protection true if T10_PI has been negotiated
     * @return false if the request is too short for it
     */
    boolean read(DescriptorChain chain, int cdbSize, boolean protection) {
        cdbOffset = protection ? RequestLayout.CDB_WITH_PI : RequestLayout.CDB;
        cdbLength = Math.min(cdbSize, Cdb.MAX_LENGTH);
        length = cdbOffset + cdbSize;
        if (chain.readableBytes() < length) {
            return false;
        }
        chain.read(0, bytes, 0, cdbOffset + cdbLength);
        return true;
    }

    /** How long the header is in bytes: what comes behind it is for the command. */
    int length() {
        return length;
    }

    /** How many bytes of protection information come before data-out. */
    long protectionOut() {
        return cdbOffset == RequestLayout.CDB
                ? 0
                : Integer.toUnsignedLong((int) INT.get(bytes, RequestLayout.PI_BYTES_OUT));
    }

    /** How many bytes of protection information go before data-in. */
    long protectionIn() {
        return cdbOffset == RequestLayout.CDB
                ? 0
                : Integer.toUnsignedLong((int) INT.get(bytes, RequestLayout.PI_BYTES_IN));
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
        System.arraycopy(bytes, cdbOffset, target.bytes(), 0, cdbLength);
        target.setLength(cdbLength);
    }
}
