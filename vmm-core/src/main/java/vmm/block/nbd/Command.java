package vmm.block.nbd;

import org.jspecify.annotations.Nullable;
import vmm.block.BlockRequest;

/**
 * A slot for one request to the server, used again and again. A disk's request is one of the server's, or several one
 * after the other if the server would not take it at once.
 */
final class Command {
    /** Where the command is. */
    enum State {
        /** Nowhere. */
        FREE,
        /** Without a connection, for one to come. */
        WAITING,
        /** In the queue of those that will be sent. */
        UNSENT,
        /** In the batch that is being sent. */
        SENDING,
        /** At the server. */
        SENT
    }

    /** Whoever made a request of the disk. */
    interface Client {
        /** The request has ended. On the connection's thread. */
        void answered(BlockRequest request, int errno);

        /** True if the request is not to wait for anything but the server. Any thread may call. */
        boolean isDraining();
    }

    final int index;
    State state = State.FREE;
    private int generation;

    /** The disk's request, and who wants to know how it ends; there unless the slot is free. */
    @Nullable
    BlockRequest request;

    @Nullable
    Client client;

    /** How much of the disk's request is done: the part on its way begins there. */
    long position;

    /** True once a flush for the request is done. */
    boolean flushed;

    /** What the part is, for the server: NBD_CMD_..., its flags, and its range in bytes. */
    int type;

    int flags;
    long offset;
    int length;
    /** True if a write is of zeros, in place of the request's data. */
    boolean zeros;

    /** How many bytes of a read have come, or are coming. */
    long received;
    /** An error number of the protocol, or 0. */
    int error;
    /** True once the reply is complete. */
    boolean answered;
    /** How often the part was sent. */
    int attempts;
    /** How many ticks of the connection's clock the part has been on its way. */
    int age;

    @Nullable
    Command next;

    Command(int index) {
        this.index = index;
    }

    /** What the server names this part by in its replies: no reply to an earlier one is taken for one to this. */
    long cookie() {
        return (long) generation << Integer.SIZE | index;
    }

    /** Makes the part one that has not been asked for yet. */
    void renew() {
        generation++;
        received = 0;
        error = 0;
        answered = false;
        age = 0;
    }

    /** True while the server may answer. */
    boolean isOnItsWay() {
        return state == State.SENDING || state == State.SENT;
    }

    Client client() {
        if (client == null) {
            throw new IllegalStateException("The slot is free.");
        }
        return client;
    }

    BlockRequest request() {
        if (request == null) {
            throw new IllegalStateException("The slot is free.");
        }
        return request;
    }
}
