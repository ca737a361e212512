package vmm.event;

/** Told on the loop's thread how a file operation ended. */
@FunctionalInterface
public interface IoCompletion {
    /**
     * The operation has ended and its buffers are free again.
     *
     * @param result bytes moved, or a negative error number; fewer bytes than asked for is not an error
     */
    void completed(int result);
}
