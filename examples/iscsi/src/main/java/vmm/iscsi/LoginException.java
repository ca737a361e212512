package vmm.iscsi;

import java.io.IOException;

/** A login fails; the initiator is told why, and the connection ends. */
final class LoginException extends IOException {
    private static final long serialVersionUID = 1L;

    private final LoginStatus status;

    LoginException(LoginStatus status) {
        super("Login failed: " + status + ".");
        this.status = status;
    }

    LoginStatus status() {
        return status;
    }
}
