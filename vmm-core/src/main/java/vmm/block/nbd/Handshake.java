package vmm.block.nbd;

import static vmm.block.nbd.Nbd.*;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The first phase of a connection (proto.md, Handshake): both sides agree on an export and on what they know. Fixed
 * newstyle with NBD_OPT_GO, and what older servers have instead.
 */
final class Handshake {
    /** Far more replies to one option than a server has reason to send. */
    private static final int MOST_REPLIES = 1000;

    private static final int MOST_EXPORTS_NAMED = 8;
    private static final int RESERVED = 124;
    private static final int EXPORT_INFO_SIZE = 12;
    private static final int BLOCK_SIZE_INFO_SIZE = 14;

    private final Wire wire;
    private final String export;

    private Handshake(Wire wire, String export) {
        this.wire = wire;
        this.export = export;
    }

    /** One of the replies to an option. */
    private record OptionReply(int type, ByteBuffer data) {
        boolean isError() {
            return (type & NBD_REP_ERR) != 0;
        }

        /** What the server says, made fit to be shown; the empty text if it says nothing. */
        String words() {
            byte[] bytes = new byte[Math.min(data.remaining(), 200)];
            data.get(data.position(), bytes);
            return printable(bytes);
        }
    }

    /**
     * Comes to terms with a server that has just been connected to.
     *
     * @param export the export's name; empty for the server's default
     * @throws NbdException if the server has no such export, refuses or breaks the protocol
     */
    static NbdExport agree(Wire wire, String export) throws NbdException {
        return new Handshake(wire, export).agree();
    }

    private NbdExport agree() throws NbdException {
        if (wire.read(Long.BYTES).getLong() != NBDMAGIC) {
            throw new NbdException("is no NBD export: what answers there does not speak NBD; correct the address");
        }
        long style = wire.read(Long.BYTES).getLong();
        if (style == CLISERV_MAGIC) {
            return oldstyle();
        }
        if (style != IHAVEOPT) {
            throw broken("its greeting is neither old nor new");
        }
        int offered = Short.toUnsignedInt(wire.read(Short.BYTES).getShort());
        boolean noZeroes = (offered & NBD_FLAG_NO_ZEROES) != 0;
        boolean fixed = (offered & NBD_FLAG_FIXED_NEWSTYLE) != 0;
        wire.write(ByteBuffer.allocate(Integer.BYTES).putInt(offered & (NBD_FLAG_FIXED_NEWSTYLE | NBD_FLAG_NO_ZEROES)));
        if (!fixed) {
            return exportName(noZeroes);
        }
        boolean chunks;
        NbdExport agreed;
        try {
            chunks = structuredReply();
            agreed = go();
        } catch (NbdException e) {
            abort();
            throw e;
        }
        return (agreed == null ? exportName(noZeroes) : agreed).withReplies(chunks);
    }

    /** Asks for replies in chunks; false if the server has no such thing. */
    private boolean structuredReply() throws NbdException {
        sendOption(NBD_OPT_STRUCTURED_REPLY, ByteBuffer.allocate(0));
        OptionReply reply = reply(NBD_OPT_STRUCTURED_REPLY);
        if (reply.type == NBD_REP_ERR_TLS_REQD || reply.type == NBD_REP_ERR_SHUTDOWN) {
            throw refusal(reply);
        }
        return reply.type == NBD_REP_ACK;
    }

    /** Takes leave, as a client does that will not go on. The server need not answer. */
    private void abort() {
        try {
            sendOption(NBD_OPT_ABORT, ByteBuffer.allocate(0));
        } catch (NbdException e) {
            // What went wrong before is what the user wants to know.
        }
    }

    private NbdExport oldstyle() throws NbdException {
        if (!export.isEmpty()) {
            throw new NbdException("cannot be asked for: the server is an old one that knows no names; leave out '"
                    + export + "' if its only export is meant");
        }
        ByteBuffer data = wire.read(Long.BYTES + Integer.BYTES);
        NbdExport agreed = new NbdExport(data.getLong(), data.getInt() & 0xffff);
        wire.skip(RESERVED);
        return agreed;
    }

    /** The one option of servers that know no others. They have no way to say no but to hang up. */
    private NbdExport exportName(boolean noZeroes) throws NbdException {
        byte[] name = export.getBytes(StandardCharsets.UTF_8);
        sendOption(NBD_OPT_EXPORT_NAME, ByteBuffer.allocate(name.length).put(name));
        ByteBuffer data;
        try {
            data = wire.read(Long.BYTES + Short.BYTES);
        } catch (NbdException e) {
            throw new NbdException(e.reason() + "; perhaps it has no export called '" + export + "'", e);
        }
        NbdExport agreed = new NbdExport(data.getLong(), Short.toUnsignedInt(data.getShort()));
        if (!noZeroes) {
            wire.skip(RESERVED);
        }
        return agreed;
    }

    /** Asks for the export; null if the server does not know the question. */
    private @Nullable NbdExport go() throws NbdException {
        byte[] name = export.getBytes(StandardCharsets.UTF_8);
        ByteBuffer data = ByteBuffer.allocate(Integer.BYTES + name.length + 2 * Short.BYTES);
        data.putInt(name.length).put(name).putShort((short) 1).putShort((short) NBD_INFO_BLOCK_SIZE);
        sendOption(NBD_OPT_GO, data);
        NbdExport told = null;
        int[] sizes = null;
        for (int i = 0; i < MOST_REPLIES; i++) {
            OptionReply reply = reply(NBD_OPT_GO);
            if (reply.type == NBD_REP_ERR_UNSUP) {
                return null;
            }
            if (reply.isError()) {
                throw refusal(reply);
            }
            if (reply.type == NBD_REP_ACK) {
                if (told == null) {
                    throw broken("it tells no size");
                }
                return sizes == null ? told : told.withSizes(sizes[0], sizes[1], sizes[2]);
            }
            ByteBuffer info = reply.data;
            if (reply.type != NBD_REP_INFO || info.remaining() < Short.BYTES) {
                throw broken("it answers a question with something else");
            }
            int length = info.remaining();
            int type = Short.toUnsignedInt(info.getShort());
            if (type == NBD_INFO_EXPORT && length == EXPORT_INFO_SIZE) {
                told = new NbdExport(info.getLong(), Short.toUnsignedInt(info.getShort()));
            } else if (type == NBD_INFO_BLOCK_SIZE && length == BLOCK_SIZE_INFO_SIZE) {
                sizes = new int[] {info.getInt(), info.getInt(), info.getInt()};
            } else if (type == NBD_INFO_EXPORT || type == NBD_INFO_BLOCK_SIZE) {
                throw broken("what it tells of the export has a wrong length");
            }
        }
        throw broken("its answers never end");
    }

    private NbdException refusal(OptionReply reply) throws NbdException {
        String words = reply.words().isEmpty() ? "" : " (it says: " + reply.words() + ")";
        return new NbdException(
                switch (reply.type) {
                    case NBD_REP_ERR_UNKNOWN ->
                        "does not exist: the server has no export called '" + export + "'" + exportsThereAre()
                                + "; correct the name after the host";
                    case NBD_REP_ERR_TLS_REQD ->
                        "is only served with TLS, which this VMM does not have: let the server do without, and use a"
                                + " tunnel that encrypts, as ssh -L or stunnel";
                    case NBD_REP_ERR_SHUTDOWN -> "is not served: the server is shutting down" + words;
                    case NBD_REP_ERR_POLICY -> "is not served: the server's policy forbids it" + words;
                    default -> "is not served: the server refuses" + words + "; its log may say more";
                });
    }

    /** The names of the server's exports, as the end of a sentence; empty if it does not tell. */
    private String exportsThereAre() throws NbdException {
        sendOption(NBD_OPT_LIST, ByteBuffer.allocate(0));
        List<String> names = new ArrayList<>();
        for (int i = 0; i < MOST_REPLIES; i++) {
            OptionReply reply = reply(NBD_OPT_LIST);
            if (reply.type != NBD_REP_SERVER || reply.data.remaining() < Integer.BYTES) {
                break;
            }
            int length = reply.data.getInt();
            if (length < 0 || length > reply.data.remaining()) {
                throw broken("it tells a name that is longer than the message");
            }
            byte[] name = new byte[length];
            reply.data.get(name);
            names.add("'" + printable(name) + "'");
        }
        if (names.isEmpty()) {
            return "";
        }
        String more = names.size() > MOST_EXPORTS_NAMED ? ", and more" : "";
        return ", but " + String.join(", ", names.subList(0, Math.min(names.size(), MOST_EXPORTS_NAMED))) + more;
    }

    private void sendOption(int option, ByteBuffer data) throws NbdException {
        data.flip();
        ByteBuffer message = ByteBuffer.allocate(Long.BYTES + 2 * Integer.BYTES + data.remaining());
        message.putLong(IHAVEOPT).putInt(option).putInt(data.remaining()).put(data);
        wire.write(message);
    }

    private OptionReply reply(int option) throws NbdException {
        ByteBuffer header = wire.read(Long.BYTES + 3 * Integer.BYTES);
        if (header.getLong() != OPTION_REPLY_MAGIC) {
            throw broken("its reply begins with a wrong number");
        }
        int answered = header.getInt();
        int type = header.getInt();
        int length = header.getInt();
        if (answered != option) {
            throw broken("it answers another question");
        }
        if (length < 0 || length > Wire.MAX_READ) {
            throw broken("its reply has " + Integer.toUnsignedLong(length) + " bytes");
        }
        return new OptionReply(type, wire.read(length));
    }

    private static NbdException broken(String how) {
        return new NbdException("is served by something that breaks the protocol: " + how);
    }

    /** Somebody else's text, with everything that could mislead a terminal or a reader of one line replaced. */
    private static String printable(byte[] text) {
        return new String(text, StandardCharsets.UTF_8)
                .replaceAll("[\\p{Cntrl}\\p{Cf}]+", " ")
                .strip();
    }
}
