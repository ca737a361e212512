package vmm.block;

/**
 * A question: how is the data from a certain offset of a disk on kept? A slot that its owner uses again and again, one
 * question at a time. Not for the data path: the answer may have to be looked up in the storage.
 */
public abstract class ExtentQuery {
    /** How data is kept. */
    public enum State {
        /** There is storage for it, or nobody knows. */
        ALLOCATED,
        /** There is none: it reads as zeros. */
        DEALLOCATED
    }

    private long offset;
    private long length;

    /** A slot without a question. */
    protected ExtentQuery() {}

    /**
     * Sets what the next {@link BlockQueue#query} asks.
     *
     * @param from in bytes, a multiple of 512
     * @param most how many bytes are of interest, at least 512; within the disk
     */
    public final void prepare(long from, long most) {
        offset = from;
        length = most;
    }

    /** Where the stretch begins, in bytes. */
    public final long offset() {
        return offset;
    }

    /** How many bytes are of interest. */
    public final long length() {
        return length;
    }

    /** Answers the question, shortened to what is of interest. Only a queue calls it, once. */
    public final void answer(State state, long bytes) {
        answered(0, state, Math.min(bytes, length));
    }

    /** Says that the question cannot be answered. Only a queue calls it, once. */
    public final void fail(int errno) {
        answered(errno, State.ALLOCATED, 0);
    }

    /**
     * The answer. Runs on the thread of the loop that was asked, perhaps before {@link BlockQueue#query} returns.
     *
     * @param errno 0, or the positive error number that says why there is no answer
     * @param bytes how far the state is the same for certain: at least 1 and at most {@link #length}
     */
    protected abstract void answered(int errno, State state, long bytes);
}
