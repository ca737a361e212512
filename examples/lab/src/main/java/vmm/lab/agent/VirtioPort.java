package vmm.lab.agent;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.file.Path;

/**
 * A virtio-serial port's character device, which the kernel lets one file descriptor have at a time. Unlike a
 * FileChannel, it can be read and written at once.
 */
final class VirtioPort implements ByteChannel {
    private static final int CHUNK = 32 * 1024;

    private final RandomAccessFile file;
    private final byte[] inbound = new byte[CHUNK];
    private final byte[] outbound = new byte[CHUNK];
    private volatile boolean open = true;

    VirtioPort(Path device) throws IOException {
        file = new RandomAccessFile(device.toFile(), "rw");
    }

    /** As the channel's contract has it; -1 if no client is connected, which need not stay so. */
    @Override
    public int read(ByteBuffer target) throws IOException {
        int count = file.read(inbound, 0, Math.min(target.remaining(), CHUNK));
        if (count > 0) {
            target.put(inbound, 0, count);
        }
        return count;
    }

    /** Writes some bytes; waits while no client is connected. One thread at a time. */
    @Override
    public int write(ByteBuffer source) throws IOException {
        int count = Math.min(source.remaining(), CHUNK);
        source.get(outbound, 0, count);
        file.write(outbound, 0, count);
        return count;
    }

    @Override
    public boolean isOpen() {
        return open;
    }

    @Override
    public void close() throws IOException {
        open = false;
        file.close();
    }
}
