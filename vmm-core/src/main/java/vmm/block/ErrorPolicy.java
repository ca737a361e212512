package vmm.block;

import vmm.linux.Errno;

/**
 * What becomes of requests that the storage could not do, as QEMU's {@code rerror} and {@code werror} have it.
 *
 * @param read for reads; not {@link Action#ENOSPC}
 * @param write for all other requests, flushes among them
 */
public record ErrorPolicy(Action read, Action write) {
    /** The guest is told of errors, but waits for space where there is none. */
    public static final ErrorPolicy DEFAULT = new ErrorPolicy(Action.REPORT, Action.ENOSPC);

    /** What to do. */
    public enum Action {
        /** Hold the request until somebody has remedied the cause; the guest never learns of it. */
        STOP,
        /** Tell the guest. */
        REPORT,
        /** Tell the guest that all is well. */
        IGNORE,
        /** {@link #STOP} if there is no space left, or {@link #REPORT}. */
        ENOSPC
    }

    /**
     * Checks that reads do not wait for space.
     *
     * @throws IllegalArgumentException if they do
     */
    public ErrorPolicy {
        if (read == Action.ENOSPC) {
            throw new IllegalArgumentException("A read needs no space.");
        }
    }

    /** What becomes of one failed request. */
    enum Outcome {
        /** It waits. */
        HOLD,
        /** It ends with its error. */
        FAIL,
        /** It ends without an error. */
        SUCCEED
    }

    /** What becomes of a request that ended with {@code errno}. */
    Outcome outcome(BlockRequest.Operation operation, int errno) {
        return switch (operation == BlockRequest.Operation.READ ? read : write) {
            case STOP -> Outcome.HOLD;
            case REPORT -> Outcome.FAIL;
            case IGNORE -> Outcome.SUCCEED;
            case ENOSPC -> errno == Errno.ENOSPC ? Outcome.HOLD : Outcome.FAIL;
        };
    }
}
