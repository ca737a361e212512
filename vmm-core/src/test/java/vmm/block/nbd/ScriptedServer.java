package vmm.block.nbd;

import static vmm.block.nbd.Nbd.*;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A server that does what a test says, honest or not: each connection plays the next script, the last one again for all
 * that come after it.
 */
final class ScriptedServer implements AutoCloseable {
    static final int ALL_FLAGS = 1
            | NBD_FLAG_SEND_FLUSH
            | NBD_FLAG_SEND_FUA
            | NBD_FLAG_SEND_TRIM
            | NBD_FLAG_SEND_WRITE_ZEROES
            | NBD_FLAG_CAN_MULTI_CONN;

    /** What happens on one connection. When it returns, the server hangs up. */
    @FunctionalInterface
    interface Script {
        void play(Peer peer) throws IOException;
    }

    /** A request as it came. */
    record Request(int flags, int type, long cookie, long offset, int length, ByteBuffer data) {
        String inWords() {
            String name = switch (type) {
                case NBD_CMD_READ -> "read";
                case NBD_CMD_WRITE -> "write";
                case NBD_CMD_DISC -> "disc";
                case NBD_CMD_FLUSH -> "flush";
                case NBD_CMD_TRIM -> "trim";
                case NBD_CMD_WRITE_ZEROES -> "zero";
                default -> "?";
            };
            String marks = ((flags & NBD_CMD_FLAG_FUA) != 0 ? " fua" : "")
                    + ((flags & NBD_CMD_FLAG_NO_HOLE) != 0 ? " no-hole" : "");
            return type == NBD_CMD_FLUSH || type == NBD_CMD_DISC ? name : name + marks + " " + offset + "+" + length;
        }
    }

    private final ServerSocketChannel listener;
    private final Path socket;
    private final List<Script> scripts;
    final AtomicInteger connections = new AtomicInteger();
    /** What all connections were asked, in words. */
    final ConcurrentLinkedQueue<String> asked = new ConcurrentLinkedQueue<>();

    ScriptedServer(Path folder, Script... scripts) throws IOException {
        this.socket = folder.resolve("scripted.socket");
        this.scripts = List.of(scripts);
        this.listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        listener.bind(UnixDomainSocketAddress.of(socket));
        Thread.ofPlatform().daemon().name("scripted server").start(this::accept);
    }

    String uri(String parameters) {
        return "nbd+unix:///?socket=" + socket + parameters;
    }

    private void accept() {
        try {
            while (true) {
                SocketChannel channel = listener.accept();
                Script script = scripts.get(Math.min(connections.getAndIncrement(), scripts.size() - 1));
                Thread.ofPlatform().daemon().start(() -> play(channel, script));
            }
        } catch (IOException e) {
            // The test is over.
        }
    }

    private void play(SocketChannel channel, Script script) {
        try (channel) {
            script.play(new Peer(channel));
        } catch (IOException e) {
            // The client has hung up.
        }
    }

    @Override
    public void close() {
        try {
            listener.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The client at the other end of a connection. */
    final class Peer {
        final DataInputStream in;
        final DataOutputStream out;

        Peer(SocketChannel channel) {
            in = new DataInputStream(Channels.newInputStream(channel));
            out = new DataOutputStream(Channels.newOutputStream(channel));
        }

        /** The handshake up to where options begin. */
        void greet(int handshakeFlags) throws IOException {
            out.writeLong(NBDMAGIC);
            out.writeLong(IHAVEOPT);
            out.writeShort(handshakeFlags);
            in.readInt();
        }

        /** An honest handshake of today. */
        void agree(long size, int flags) throws IOException {
            agree(size, flags, true);
        }

        void agree(long size, int flags, boolean structured, int... blockSizes) throws IOException {
            greet(NBD_FLAG_FIXED_NEWSTYLE | NBD_FLAG_NO_ZEROES);
            while (true) {
                int option = option();
                if (option == NBD_OPT_STRUCTURED_REPLY) {
                    optionReply(option, structured ? NBD_REP_ACK : NBD_REP_ERR_UNSUP);
                } else if (option == NBD_OPT_GO) {
                    if (blockSizes.length > 0) {
                        optionReply(option, NBD_REP_INFO, blockSizeInfo(blockSizes));
                    }
                    optionReply(option, NBD_REP_INFO, exportInfo(size, flags));
                    optionReply(option, NBD_REP_ACK);
                    return;
                } else {
                    optionReply(option, NBD_REP_ERR_UNSUP);
                }
            }
        }

        /** Reads an option and forgets its data. */
        int option() throws IOException {
            in.readLong();
            int option = in.readInt();
            in.readNBytes(in.readInt());
            return option;
        }

        void optionReply(int option, int type, byte... data) throws IOException {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            DataOutputStream reply = new DataOutputStream(bytes);
            reply.writeLong(OPTION_REPLY_MAGIC);
            reply.writeInt(option);
            reply.writeInt(type);
            reply.writeInt(data.length);
            reply.write(data);
            out.write(bytes.toByteArray());
        }

        /** The next request. */
        Request request() throws IOException {
            in.readInt();
            int flags = in.readShort();
            int type = in.readShort();
            long cookie = in.readLong();
            long offset = in.readLong();
            int length = in.readInt();
            byte[] data = type == NBD_CMD_WRITE ? in.readNBytes(length) : new byte[0];
            Request request = new Request(flags, type, cookie, offset, length, ByteBuffer.wrap(data));
            asked.add(request.inWords());
            if (type == NBD_CMD_DISC) {
                throw new IOException("The client takes leave.");
            }
            return request;
        }

        void simpleReply(long cookie, int error, byte... data) throws IOException {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            DataOutputStream reply = new DataOutputStream(bytes);
            reply.writeInt(NBD_SIMPLE_REPLY_MAGIC);
            reply.writeInt(error);
            reply.writeLong(cookie);
            reply.write(data);
            out.write(bytes.toByteArray());
        }

        void chunk(long cookie, boolean done, int type, byte... payload) throws IOException {
            out.write(chunkBytes(cookie, done, type, payload));
        }

        /** Answers one request with {@code fill} wherever data is read, until the client leaves. */
        void serve(int fill) throws IOException {
            while (true) {
                answer(request(), fill);
            }
        }

        void answer(Request request, int fill) throws IOException {
            if (request.type() == NBD_CMD_READ) {
                byte[] data = new byte[request.length()];
                Arrays.fill(data, (byte) fill);
                chunk(request.cookie(), true, NBD_REPLY_TYPE_OFFSET_DATA, data(request.offset(), data));
            } else {
                simpleReply(request.cookie(), 0);
            }
        }
    }

    static byte[] chunkBytes(long cookie, boolean done, int type, byte... payload) {
        return bytes(chunk -> {
            chunk.writeInt(NBD_STRUCTURED_REPLY_MAGIC);
            chunk.writeShort(done ? NBD_REPLY_FLAG_DONE : 0);
            chunk.writeShort(type);
            chunk.writeLong(cookie);
            chunk.writeInt(payload.length);
            chunk.write(payload);
        });
    }

    /** The payload of a chunk of data. */
    static byte[] data(long offset, byte... data) {
        return bytes(payload -> {
            payload.writeLong(offset);
            payload.write(data);
        });
    }

    /** The payload of a chunk that is a hole. */
    static byte[] hole(long offset, int size) {
        return bytes(payload -> {
            payload.writeLong(offset);
            payload.writeInt(size);
        });
    }

    /** The payload of a chunk that reports an error. */
    static byte[] error(int error, String words) {
        return bytes(payload -> {
            byte[] text = words.getBytes(StandardCharsets.UTF_8);
            payload.writeInt(error);
            payload.writeShort(text.length);
            payload.write(text);
        });
    }

    static byte[] exportInfo(long size, int flags) {
        return bytes(info -> {
            info.writeShort(NBD_INFO_EXPORT);
            info.writeLong(size);
            info.writeShort(flags);
        });
    }

    static byte[] blockSizeInfo(int... sizes) {
        return bytes(info -> {
            info.writeShort(NBD_INFO_BLOCK_SIZE);
            for (int size : sizes) {
                info.writeInt(size);
            }
        });
    }

    /** Writes to a stream. */
    @FunctionalInterface
    interface Writing {
        void to(DataOutputStream stream) throws IOException;
    }

    static byte[] bytes(Writing writing) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            writing.to(new DataOutputStream(bytes));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }
}
