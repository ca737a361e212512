package vmm.block.nbd;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import vmm.linux.Errno;
import vmm.linux.Socket;

/**
 * Exact amounts of bytes to and from a server, by calls that block, all together for no longer than a time limit: for
 * the handshake and the farewell.
 */
final class Wire {
    /** As much as may be asked for at once. */
    static final int MAX_READ = 64 << 10;

    private final Socket socket;
    private final long end;
    private final long limitMillis;
    private final MemorySegment memory = Arena.ofAuto().allocate(MAX_READ);

    /**
     * A wire whose time begins to run.
     *
     * @param limitMillis after which nothing is waited for any more, in milliseconds
     */
    Wire(Socket socket, long limitMillis) {
        this.socket = socket;
        this.limitMillis = limitMillis;
        this.end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(limitMillis);
    }

    /** Waits for {@code length} bytes, at most {@link #MAX_READ}; they are there until the next call. */
    ByteBuffer read(int length) throws NbdException {
        int have = 0;
        while (have < length) {
            limit();
            int got = socket.receive(memory.asSlice(have, length - have));
            if (got == 0) {
                throw new NbdException("was dropped by the server; see what that says");
            }
            have += check(got);
        }
        return memory.asSlice(0, length).asByteBuffer();
    }

    /** Reads and forgets {@code length} bytes. */
    void skip(int length) throws NbdException {
        for (int left = length; left > 0; left -= Math.min(left, MAX_READ)) {
            read(Math.min(left, MAX_READ));
        }
    }

    /** Sends what is in {@code bytes}, from its start to its position. */
    void write(ByteBuffer bytes) throws NbdException {
        bytes.flip();
        MemorySegment source = Arena.ofAuto().allocate(Math.max(bytes.remaining(), 1));
        MemorySegment.copy(MemorySegment.ofBuffer(bytes), 0, source, 0, bytes.remaining());
        int sent = 0;
        while (sent < bytes.remaining()) {
            limit();
            sent += check(socket.send(source.asSlice(sent, bytes.remaining() - sent)));
        }
    }

    private void limit() throws NbdException {
        long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
        if (left <= 0) {
            throw late();
        }
        socket.limitWaits(left);
    }

    private int check(int result) throws NbdException {
        if (result >= 0) {
            return result;
        }
        if (result == -Errno.EAGAIN) {
            throw late();
        }
        if (result == -Errno.EINTR) {
            return 0;
        }
        throw new NbdException("was lost: " + Errno.describe(-result));
    }

    private NbdException late() {
        return new NbdException("did not answer within " + limitMillis / 1000
                + " s; see what the server does, and whether an NBD server is there at all");
    }
}
