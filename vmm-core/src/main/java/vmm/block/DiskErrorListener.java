package vmm.block;

/**
 * Whoever stops a machine while one of its disks cannot be used. Called on the threads of the disk's queues, perhaps
 * several at once, so it must not wait; and what one queue tells may come after what another has told later.
 * {@link ErrorPolicyDisk#isHolding} is never late.
 */
public interface DiskErrorListener {
    /**
     * A request is held because it failed. Called for each request and each attempt.
     *
     * @param errno what went wrong
     */
    void held(ErrorPolicyDisk disk, BlockRequest.Operation operation, int errno);

    /**
     * The last request of {@code disk} that was held has ended; others may be held by now.
     *
     * @param errno 0 if the last of them succeeded, or what it ended with, after all or since nobody wants it any more
     */
    void released(ErrorPolicyDisk disk, int errno);
}
