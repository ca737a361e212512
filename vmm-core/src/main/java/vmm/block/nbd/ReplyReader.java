package vmm.block.nbd;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;
import static vmm.block.nbd.Nbd.*;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import vmm.linux.IoVector;

/**
 * What a server sends, taken apart. Data goes where the request wants it: as far as it is known to be data before it is
 * read, the kernel puts it there itself.
 *
 * <p>The server is not trusted. Nothing is written but what a command on its way asked for, and any breach of the
 * protocol ends the reading for good.
 */
final class ReplyReader {
    private static final ValueLayout.OfShort SHORT = JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfInt INT = JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfLong LONG = JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    /** Enough for some replies without data; what is copied of data is less than that. */
    static final int STAGING_SIZE = 4096;

    private static final int OFFSET_SIZE = 8;
    private static final int HOLE_SIZE = 12;
    private static final int ERROR_SIZE = 6;
    private static final int ERROR_OFFSET_SIZE = 14;
    private static final int LONGEST_ERROR = MAX_STRING + ERROR_OFFSET_SIZE;

    private final boolean structured;
    private final Commands commands;
    private final Consumer<Command> complete;

    private final MemorySegment staging = Arena.ofAuto().allocate(STAGING_SIZE);
    private int start;
    private int end;

    /** Where the next bytes go: data that is expected, then {@link #staging}. */
    private final IoVector room = new IoVector(64);

    private final IoVector part = new IoVector(64);

    /** The command whose data comes now, where in its request, and how much; null if none does. */
    private @Nullable Command target;

    private long targetAt;
    private long dataLeft;
    /** How much comes now that says nothing to us. */
    private int skipLeft;
    /** True if what comes now is the end of the target's reply. */
    private boolean lastChunk;

    /**
     * A reader for one connection.
     *
     * @param structured true if replies come in chunks
     * @param commands those that may be answered
     * @param complete told of each command whose reply is complete, its error set
     */
    ReplyReader(boolean structured, Commands commands, Consumer<Command> complete) {
        this.structured = structured;
        this.commands = commands;
        this.complete = complete;
    }

    /** Where the next bytes are to be stored; there until {@link #received}. */
    IoVector room() {
        room.clear();
        if (target != null && dataLeft > 0) {
            room.append(target.request().data(), targetAt, dataLeft);
        }
        room.append(staging.address() + end, STAGING_SIZE - end);
        return room;
    }

    /** True if a reply, or something else, has begun and not ended. */
    boolean isWithinReply() {
        return target != null || start < end;
    }

    /**
     * Takes {@code count} bytes that were stored in {@link #room}, at least 1.
     *
     * @throws NbdException if the server broke the protocol: nothing more may be read from it
     */
    void received(int count) throws NbdException {
        int direct = (int) Math.min(count, dataLeft);
        targetAt += direct;
        dataLeft -= direct;
        end += count - direct;
        boolean more = true;
        while (more) {
            more = target == null ? header() : payload();
        }
        MemorySegment.copy(staging, start, staging, 0, end - start);
        end -= start;
        start = 0;
    }

    /** Goes on with a chunk. Returns false if more bytes are wanted. */
    private boolean payload() {
        int here = end - start;
        if (dataLeft > 0 && here > 0) {
            int copied = (int) Math.min(here, dataLeft);
            part.clear();
            part.append(target().request().data(), targetAt, copied);
            part.copyFrom(staging, start);
            targetAt += copied;
            dataLeft -= copied;
            start += copied;
        }
        int skipped = Math.min(end - start, skipLeft);
        skipLeft -= skipped;
        start += skipped;
        if (dataLeft > 0 || skipLeft > 0) {
            return false;
        }
        Command command = target();
        target = null;
        if (lastChunk) {
            answered(command);
        }
        return true;
    }

    private Command target() {
        if (target == null) {
            throw new IllegalStateException("No reply has begun.");
        }
        return target;
    }

    private void answered(Command command) {
        command.answered = true;
        complete.accept(command);
    }

    /** Begins a reply or a chunk of one. Returns false if more bytes are wanted. */
    private boolean header() throws NbdException {
        int here = end - start;
        if (here < SIMPLE_REPLY_SIZE) {
            return false;
        }
        int magic = staging.get(INT, start);
        if (magic == NBD_SIMPLE_REPLY_MAGIC) {
            simpleReply(staging.get(INT, start + 4), find(staging.get(LONG, start + 8)));
            start += SIMPLE_REPLY_SIZE;
            return true;
        }
        if (magic != NBD_STRUCTURED_REPLY_MAGIC || !structured) {
            throw broken("it sends something that is no reply");
        }
        if (here < CHUNK_HEADER_SIZE) {
            return false;
        }
        int flags = Short.toUnsignedInt(staging.get(SHORT, start + 4));
        int type = Short.toUnsignedInt(staging.get(SHORT, start + 6));
        Command command = find(staging.get(LONG, start + 8));
        long length = Integer.toUnsignedLong(staging.get(INT, start + 16));
        int head = headOf(type, length);
        if (here < CHUNK_HEADER_SIZE + head) {
            return false;
        }
        start += CHUNK_HEADER_SIZE;
        chunk(command, type, length);
        start += head;
        lastChunk = (flags & NBD_REPLY_FLAG_DONE) != 0;
        if (type == NBD_REPLY_TYPE_NONE && !lastChunk) {
            throw broken("it sends a chunk that says nothing");
        }
        if (lastChunk && command.error == 0 && isRead(command) && command.received != command.length) {
            throw broken("it ends a reply before all data was sent");
        }
        target = command;
        return true;
    }

    private Command find(long cookie) throws NbdException {
        Command command = commands.find(cookie);
        if (command == null) {
            throw broken("it answers a request that nobody has made");
        }
        return command;
    }

    private static boolean isRead(Command command) {
        return command.type == NBD_CMD_READ;
    }

    private void simpleReply(int error, Command command) throws NbdException {
        command.error = error;
        target = command;
        lastChunk = true;
        if (error == 0 && isRead(command)) {
            // proto.md, Structured reply chunk: a simple reply must not carry data once chunks were agreed on
            if (structured) {
                throw broken("it sends data without the frame that was agreed on");
            }
            expectData(command, 0, command.length);
        }
    }

    /** How many bytes of a chunk's payload have to be there before it is looked at. */
    private static int headOf(int type, long length) throws NbdException {
        boolean possible;
        int head;
        switch (type) {
            case NBD_REPLY_TYPE_NONE -> {
                head = 0;
                possible = length == 0;
            }
            case NBD_REPLY_TYPE_OFFSET_DATA -> {
                head = OFFSET_SIZE;
                possible = length > OFFSET_SIZE;
            }
            case NBD_REPLY_TYPE_OFFSET_HOLE -> {
                head = HOLE_SIZE;
                possible = length == HOLE_SIZE;
            }
            default -> {
                head = ERROR_SIZE;
                boolean error = (type & NBD_REPLY_TYPE_IS_ERROR) != 0;
                int least = type == NBD_REPLY_TYPE_ERROR_OFFSET ? ERROR_OFFSET_SIZE : ERROR_SIZE;
                possible = error && length >= least && length <= LONGEST_ERROR;
            }
        }
        if (!possible) {
            throw broken("it sends a chunk of type " + type + " and " + length + " bytes");
        }
        return head;
    }

    /** Looks at the part of a chunk's payload that is at {@link #start}. */
    private void chunk(Command command, int type, long length) throws NbdException {
        switch (type) {
            case NBD_REPLY_TYPE_NONE -> {}
            case NBD_REPLY_TYPE_OFFSET_DATA -> {
                long at = place(command, length - OFFSET_SIZE);
                expectData(command, at, length - OFFSET_SIZE);
            }
            case NBD_REPLY_TYPE_OFFSET_HOLE -> {
                long size = Integer.toUnsignedLong(staging.get(INT, start + OFFSET_SIZE));
                long at = place(command, size);
                part.clear();
                part.append(command.request().data(), command.position + at, size);
                part.zero();
            }
            default -> {
                int error = staging.get(INT, start);
                int words = Short.toUnsignedInt(staging.get(SHORT, start + 4));
                if (error == 0 || words > length - ERROR_SIZE) {
                    throw broken("it reports an error that makes no sense");
                }
                // The first is the one that says most; what follows may be its consequences.
                command.error = command.error == 0 ? error : command.error;
                skipLeft = (int) length - ERROR_SIZE;
            }
        }
    }

    /** Where in a read's range a chunk of {@code size} bytes belongs, whose offset is at {@link #start}. */
    private long place(Command command, long size) throws NbdException {
        long at = staging.get(LONG, start) - command.offset;
        boolean inside = at >= 0 && size > 0 && size <= command.length && at <= command.length - size;
        // A sum that is right at the end, without any overlap, covers the whole range.
        if (!isRead(command) || !inside || command.received + size > command.length) {
            throw broken("it sends data that nobody has asked for");
        }
        command.received += size;
        return at;
    }

    private void expectData(Command command, long at, long size) {
        target = command;
        targetAt = command.position + at;
        dataLeft = size;
    }

    private static NbdException broken(String how) {
        return new NbdException("is served by something that breaks the protocol: " + how);
    }
}
