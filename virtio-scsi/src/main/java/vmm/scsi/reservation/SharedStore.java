package vmm.scsi.reservation;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import vmm.linux.Errno;
import vmm.linux.FileIo;
import vmm.linux.FileLock;
import vmm.linux.HostException;

/**
 * For a logical unit that several virtual machines of this host share: all of the state in the {@link StateFile}, and
 * beside it a file for meeting, of one page that all of them have mapped and of bytes that they lock.
 *
 * <p>The page holds the version of the state, so that a look at memory tells whether there is anything new. It is
 * raised after the file has been replaced, both under the lock of byte {@value #CHANGE}. The locks end with their
 * process, so those of a virtual machine that was killed hold nobody up:
 *
 * <ul>
 *   <li>byte {@value #CHANGE}, exclusive: whoever changes the state
 *   <li>byte {@value #PRESENCE}, shared: everybody; who gets it exclusively is the first, and has powered the unit on
 *   <li>one byte from {@value #OWNERS} on, exclusive: a virtual machine by its name, so that two of the same name are
 *       found out and the end of one can be seen
 * </ul>
 */
final class SharedStore implements ReservationStore {
    private static final int PAGE = 4096;
    private static final long CHANGE = 0;
    private static final long PRESENCE = 1;
    private static final long OWNERS = 1L << 32;

    private static final VarHandle VERSION = ValueLayout.JAVA_LONG.varHandle().withInvokeExactBehavior();

    /** How long a change may take another virtual machine: writing a small file to stable storage. */
    private static final long PATIENCE = TimeUnit.SECONDS.toNanos(2);

    private static final long PAUSE = TimeUnit.MICROSECONDS.toNanos(200);

    private final StateFile file;
    private final Path meeting;
    private final long owner;
    private final int fd;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment page;

    /**
     * Joins those who share a logical unit.
     *
     * @param owner the name of this virtual machine: 0 to 2^62 - 1
     * @throws HostException if the files cannot be used, or another virtual machine has that name
     */
    SharedStore(StateFile file, Path meeting, long owner) {
        this.file = file;
        this.meeting = meeting;
        this.owner = owner;
        try (FileChannel channel = FileChannel.open(
                meeting, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            page = channel.map(FileChannel.MapMode.READ_WRITE, 0, PAGE, arena);
        } catch (IOException e) {
            arena.close();
            throw new HostException(
                    "The reservations of a shared disk cannot be kept in " + meeting + " (" + e.getMessage()
                            + "): give this user the right to write there.",
                    e);
        }
        fd = FileIo.open(meeting.toString(), true);
        if (fd < 0) {
            arena.close();
            throw HostException.ofErrno("open " + meeting, -fd);
        }
    }

    /**
     * Powers the logical unit on, if nobody else has.
     *
     * @throws HostException as the constructor
     */
    ReservationState open() {
        try {
            if (!lock()) {
                throw new HostException("Another virtual machine keeps " + meeting
                        + " locked and does not go on: stop it, or wait until it does.");
            }
            try {
                return openLocked();
            } finally {
                unlock();
            }
        } catch (IOException e) {
            throw new HostException(
                    "The reservations of a shared disk cannot be kept beside " + meeting + " (" + e.getMessage()
                            + "): give this user the right to write there.",
                    e);
        }
    }

    private ReservationState openLocked() throws IOException {
        claim(FileLock.takeByte(fd, OWNERS + owner, true));
        boolean first = FileLock.takeByte(fd, PRESENCE, true) == 0;
        ReservationState state = file.open();
        if (first) {
            state = state.afterPowerLoss();
            file.write(state, state.persistent());
            publish(state);
        }
        int shared = FileLock.takeByte(fd, PRESENCE, false);
        if (shared < 0) {
            throw HostException.ofErrno("lock " + meeting, -shared);
        }
        return state;
    }

    private void claim(int result) {
        if (result == -Errno.EAGAIN || result == -Errno.EACCES) {
            throw new HostException("Another virtual machine of the same name shares the disk of " + meeting
                    + ": give each a name of its own, by which the disk can tell them apart.");
        }
        if (result < 0) {
            throw HostException.ofErrno("lock " + meeting, -result);
        }
    }

    private void publish(ReservationState state) {
        VERSION.setVolatile(page, 0L, state.version());
    }

    @Override
    public boolean isPersistent() {
        return true;
    }

    @Override
    public boolean isCurrent(ReservationState known) {
        return (long) VERSION.getVolatile(page, 0L) <= known.version();
    }

    @Override
    public ReservationState load(ReservationState known) throws IOException {
        return file.read().orElseThrow(() -> new IOException("it is gone"));
    }

    @Override
    public boolean lock() throws IOException {
        long deadline = System.nanoTime() + PATIENCE;
        while (true) {
            int result = FileLock.takeByte(fd, CHANGE, true);
            if (result == 0) {
                return true;
            }
            if (result != -Errno.EAGAIN && result != -Errno.EACCES) {
                throw new IOException(Errno.describe(-result));
            }
            if (System.nanoTime() - deadline > 0) {
                return false;
            }
            LockSupport.parkNanos(PAUSE);
        }
    }

    @Override
    public void unlock() {
        int ignored = FileLock.giveByte(fd, CHANGE);
    }

    @Override
    public void save(ReservationState old, ReservationState fresh) throws IOException {
        file.write(fresh, old.persistent() || fresh.persistent());
        publish(fresh);
    }

    @Override
    public long owner() {
        return owner;
    }

    @Override
    public boolean hasEnded(long other) {
        return other != owner && !FileLock.isTakenByte(fd, OWNERS + other);
    }

    @Override
    public void close() {
        FileIo.close(fd);
        arena.close();
    }
}
