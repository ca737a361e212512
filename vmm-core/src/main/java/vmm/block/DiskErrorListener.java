package vmm.block;

/**
 * Whoever stops a machine while one of its disks cannot be used. Called on the threads of the disk's queues, perhaps
 * several at once, so it must not wait.
 */
public interface DiskErrorListener {
    /**
     * A request is held because it failed. Called for each request and each attempt.
     *
     * @param errno what went wrong
     */
    void held(ErrorPolicyDisk disk, BlockRequest.Operation operation, int errno);

    /** No request of {@code disk} is held any more. */
    void recovered(ErrorPolicyDisk disk);
}
