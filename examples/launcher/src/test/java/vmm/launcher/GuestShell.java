package vmm.launcher;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** A guest's serial port, at which it runs the lines that it is told (linux-hot-plug-test.sh). */
final class GuestShell {
    private static final long BOOT_SECONDS = 240;
    private static final long LINE_SECONDS = 180;

    private final SocketChannel channel;
    private final StringBuilder heard = new StringBuilder();

    private GuestShell(SocketChannel channel) {
        this.channel = channel;
    }

    /** Connects as soon as somebody listens, and waits until the guest has booted. */
    static GuestShell connect(Path socket) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(BOOT_SECONDS);
        while (true) {
            SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
            try {
                channel.connect(UnixDomainSocketAddress.of(socket));
                channel.configureBlocking(false);
                GuestShell shell = new GuestShell(channel);
                shell.await("ready for lines", deadline);
                return shell;
            } catch (IOException notYet) {
                channel.close();
                if (System.nanoTime() > deadline) {
                    throw notYet;
                }
                Thread.sleep(10);
            }
        }
    }

    /**
     * Has the guest run a line, and returns what that says, without the spaces around it.
     *
     * @throws IOException if it takes too long
     */
    String run(String line) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap((line + "\n").getBytes(StandardCharsets.US_ASCII));
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
        String said = await("ended ", System.nanoTime() + TimeUnit.SECONDS.toNanos(LINE_SECONDS));
        await("\n", System.nanoTime() + TimeUnit.SECONDS.toNanos(LINE_SECONDS));
        return said.strip();
    }

    /** What comes before {@code word}, both of which are taken. */
    private String await(String word, long deadline) throws IOException {
        ByteBuffer some = ByteBuffer.allocate(4096);
        while (true) {
            int at = heard.indexOf(word);
            if (at >= 0) {
                String before = heard.substring(0, at);
                heard.delete(0, at + word.length());
                return before;
            }
            some.clear();
            int length = channel.read(some);
            if (length < 0 || System.nanoTime() > deadline) {
                throw new IOException("the guest says no " + word.strip() + ", but: " + heard);
            }
            if (length == 0) {
                LockSupport.parkNanos(1_000_000);
            } else {
                heard.append(new String(some.array(), 0, length, StandardCharsets.ISO_8859_1));
            }
        }
    }
}
