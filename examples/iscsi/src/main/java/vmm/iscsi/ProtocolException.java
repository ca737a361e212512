package vmm.iscsi;

import java.io.IOException;

/** An initiator does what RFC 7143 forbids, and so that its connection has to end. */
final class ProtocolException extends IOException {
    private static final long serialVersionUID = 1L;

    ProtocolException(String message) {
        super(message);
    }
}
