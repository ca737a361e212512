package vmm.firmware.fwcfg;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * How files become tables in memory, as {@code etc/table-loader} tells firmware: each file gets a place, offsets in it
 * become addresses, and then checksums are right. One thread.
 */
public final class LoaderScript {
    /** The file's name. */
    public static final String FILE = "etc/table-loader";

    private static final int COMMAND_SIZE = 128;
    private static final int NAME_SIZE = Items.MOST_NAME + 1;

    private static final int ALLOCATE = 1;
    private static final int ADD_POINTER = 2;
    private static final int ADD_CHECKSUM = 3;

    /** Where a file may be placed. */
    public enum Zone {
        /** Anywhere below 4 GiB. */
        HIGH(1),
        /** Between 0xF0000 and 0xFFFFF, where guests look for what nobody tells them the place of. */
        F_SEGMENT(2);

        private final int code;

        Zone(int code) {
            this.code = code;
        }
    }

    /**
     * A file at its place, for {@link #link}.
     *
     * @param bytes from index 0, little-endian
     */
    public record Placed(ByteBuffer bytes, long address) {}

    private sealed interface Command {
        void encode(ByteBuffer to);

        void execute(Map<String, Placed> files);
    }

    private record Allocate(String file, int alignment, Zone zone) implements Command {
        @Override
        public void encode(ByteBuffer to) {
            to.putInt(ALLOCATE);
            name(to, file);
            to.putInt(alignment).put((byte) zone.code);
        }

        @Override
        public void execute(Map<String, Placed> files) {
            if (find(files, file).address % alignment != 0) {
                throw new IllegalArgumentException(file + " is not at a multiple of " + alignment + ".");
            }
        }
    }

    private record AddPointer(String file, int offset, int size, String target) implements Command {
        @Override
        public void encode(ByteBuffer to) {
            to.putInt(ADD_POINTER);
            name(to, file);
            name(to, target);
            to.putInt(offset).put((byte) size);
        }

        @Override
        public void execute(Map<String, Placed> files) {
            ByteBuffer bytes = find(files, file).bytes;
            long base = find(files, target).address;
            if (size == Long.BYTES) {
                bytes.putLong(offset, bytes.getLong(offset) + base);
            } else {
                bytes.putInt(offset, bytes.getInt(offset) + (int) base);
            }
        }
    }

    private record AddChecksum(String file, int offset, int start, int length) implements Command {
        @Override
        public void encode(ByteBuffer to) {
            to.putInt(ADD_CHECKSUM);
            name(to, file);
            to.putInt(offset).putInt(start).putInt(length);
        }

        @Override
        public void execute(Map<String, Placed> files) {
            ByteBuffer bytes = find(files, file).bytes;
            int sum = 0;
            for (int i = start; i < start + length; i++) {
                sum += bytes.get(i);
            }
            bytes.put(offset, (byte) (bytes.get(offset) - sum));
        }
    }

    private final List<Command> commands = new ArrayList<>();

    /** A script that does nothing. */
    public LoaderScript() {}

    /**
     * Gives a file its place, which comes before anything else about it.
     *
     * @param alignment in bytes, a power of two
     */
    public LoaderScript allocate(String file, int alignment, Zone zone) {
        commands.add(new Allocate(file, alignment, zone));
        return this;
    }

    /**
     * Makes an address of what is the offset of something in {@code target}.
     *
     * @param file has the offset at {@code offset}
     * @param size of the address in bytes, 4 or 8
     */
    public LoaderScript addPointer(String file, int offset, int size, String target) {
        commands.add(new AddPointer(file, offset, size, target));
        return this;
    }

    /**
     * Makes some bytes add up to 0.
     *
     * @param offset of the checksum, a byte that is 0 so far
     * @param start of the bytes, the checksum among them
     */
    public LoaderScript addChecksum(String file, int offset, int start, int length) {
        commands.add(new AddChecksum(file, offset, start, length));
        return this;
    }

    /** The script as firmware reads it. */
    public byte[] encode() {
        ByteBuffer bytes = ByteBuffer.allocate(commands.size() * COMMAND_SIZE).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < commands.size(); i++) {
            commands.get(i).encode(bytes.position(i * COMMAND_SIZE));
        }
        return bytes.array();
    }

    /**
     * Does what firmware does, for a machine that has none.
     *
     * @param files where each file of the script is; their bytes are changed
     */
    public void link(Map<String, Placed> files) {
        commands.forEach(command -> command.execute(files));
    }

    private static Placed find(Map<String, Placed> files, String name) {
        return Objects.requireNonNull(files.get(name), name);
    }

    private static void name(ByteBuffer to, String name) {
        byte[] bytes = name.getBytes(StandardCharsets.US_ASCII);
        to.put(bytes).position(to.position() + NAME_SIZE - bytes.length);
    }
}
