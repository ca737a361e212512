package vmm.block.nbd;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;
import static vmm.block.nbd.Nbd.*;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import vmm.linux.FileIo;
import vmm.linux.IoVector;

/**
 * Commands as the server wants them: batches of headers and data, the data straight from where the request has it. One
 * batch is on its way at a time.
 */
final class RequestWriter {
    private static final ValueLayout.OfShort SHORT = JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfInt INT = JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfLong LONG = JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private static final int MOST_COMMANDS = 64;

    private static final int ZEROS_SIZE = 64 << 10;
    private static final MemorySegment ZEROS = Arena.global().allocate(ZEROS_SIZE);

    private final MemorySegment headers = Arena.ofAuto().allocate((long) MOST_COMMANDS * REQUEST_SIZE);
    private final IoVector batch = new IoVector(FileIo.MAX_BUFFERS);
    private final Command[] commands = new Command[MOST_COMMANDS];
    private int count;

    /** What is to be sent; consumed as it is. */
    IoVector batch() {
        return batch;
    }

    /** Makes a new batch of the first of {@code waiting}, which leave that queue. */
    void gather(Commands.Fifo waiting) {
        batch.clear();
        count = 0;
        // Headers without data between them make one buffer.
        int pending = 0;
        for (Command command = waiting.peek(); command != null && hasRoom(); command = waiting.peek()) {
            waiting.poll();
            writeHeader(command, (long) count * REQUEST_SIZE);
            command.state = Command.State.SENDING;
            command.attempts++;
            commands[count++] = command;
            if (command.type == NBD_CMD_WRITE) {
                addHeaders(pending);
                pending = count;
                addData(command);
            }
        }
        addHeaders(pending);
    }

    private boolean hasRoom() {
        return count < MOST_COMMANDS && batch.count() < FileIo.MAX_BUFFERS;
    }

    private void writeHeader(Command command, long at) {
        headers.set(INT, at, NBD_REQUEST_MAGIC);
        headers.set(SHORT, at + 4, (short) command.flags);
        headers.set(SHORT, at + 6, (short) command.type);
        headers.set(LONG, at + 8, command.cookie());
        headers.set(LONG, at + 16, command.offset);
        headers.set(INT, at + 24, command.length);
    }

    private void addHeaders(int from) {
        batch.append(headers.address() + (long) from * REQUEST_SIZE, (long) (count - from) * REQUEST_SIZE);
    }

    private void addData(Command command) {
        if (!command.zeros) {
            batch.append(command.request().data(), command.position, command.length);
            return;
        }
        for (int left = command.length; left > 0; left -= ZEROS_SIZE) {
            batch.append(ZEROS.address(), Math.min(left, ZEROS_SIZE));
        }
    }

    /** How many commands the batch holds. */
    int count() {
        return count;
    }

    /** One of the batch's commands. */
    Command command(int i) {
        return commands[i];
    }
}
