package vmm.block.nbd;

import static vmm.block.nbd.Nbd.*;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import vmm.linux.Errno;
import vmm.linux.Socket;

/**
 * A connection that is in the transmission phase.
 *
 * @param socket to the server
 * @param export what the server said of it
 */
record Session(Socket socket, NbdExport export) {
    /** The cookie of a request that is made by blocking calls. */
    private static final long FAREWELL = 0x4279652e;

    /**
     * Connects and comes to terms, by calls that block.
     *
     * @param limitMillis how long that may take, in milliseconds
     */
    static Session open(NbdAddress address, long limitMillis) throws NbdException {
        Socket socket = connect(address, limitMillis);
        try {
            NbdExport export = Handshake.agree(new Wire(socket, limitMillis), address.export());
            socket.limitWaits(0);
            return new Session(socket, export);
        } catch (NbdException e) {
            socket.close();
            throw e;
        }
    }

    private static Socket connect(NbdAddress address, long limitMillis) throws NbdException {
        if (!address.socket().isEmpty()) {
            return connected(address, Socket.connectUnix(address.socket(), limitMillis));
        }
        InetAddress[] hosts;
        try {
            hosts = InetAddress.getAllByName(address.host());
        } catch (UnknownHostException e) {
            throw new NbdException(
                    "cannot be reached: the host " + address.host() + " is not known; correct the address", e);
        }
        int result = -Errno.EHOSTUNREACH;
        for (InetAddress host : hosts) {
            int scope = host instanceof Inet6Address six ? six.getScopeId() : 0;
            result = Socket.connectTcp(host.getAddress(), scope, address.port(), limitMillis / hosts.length + 1);
            if (result >= 0) {
                break;
            }
        }
        return connected(address, result);
    }

    private static Socket connected(NbdAddress address, int result) throws NbdException {
        if (result >= 0) {
            return Socket.of(result);
        }
        String remedy = switch (-result) {
            case Errno.ENOENT -> "start the server, or correct the path of its socket";
            case Errno.EACCES, Errno.EPERM -> "give this user the right to write the socket";
            case Errno.EMFILE -> "raise the limit of open files with ulimit -n";
            default -> address.socket().isEmpty() ? "start the server, or correct host and port" : "start the server";
        };
        throw new NbdException("cannot be reached: " + Errno.describe(-result) + "; " + remedy);
    }

    /**
     * Waits until everything that was written and answered is on stable storage. Nothing may be in flight.
     *
     * @param limitMillis how long that may take, in milliseconds
     * @return 0, or the error number that the server answered with: what was written may be lost
     * @throws NbdException if there is no answer; another session may have one
     */
    int flush(long limitMillis) throws NbdException {
        if (!export.canFlush()) {
            return 0;
        }
        Wire wire = new Wire(socket, limitMillis);
        wire.write(request(NBD_CMD_FLUSH));
        int error = flushed(wire);
        return error == 0 ? 0 : errno(error);
    }

    private static ByteBuffer request(int type) {
        ByteBuffer request = ByteBuffer.allocate(REQUEST_SIZE);
        request.putInt(NBD_REQUEST_MAGIC).putShort((short) 0).putShort((short) type);
        return request.putLong(FAREWELL).putLong(0).putInt(0);
    }

    /** The error number that a flush is answered with, or 0. */
    private int flushed(Wire wire) throws NbdException {
        ByteBuffer reply = wire.read(SIMPLE_REPLY_SIZE);
        int magic = reply.getInt();
        if (magic == NBD_SIMPLE_REPLY_MAGIC) {
            int error = reply.getInt();
            checkCookie(reply.getLong());
            return error;
        }
        int flags = reply.getShort();
        int type = Short.toUnsignedInt(reply.getShort());
        checkCookie(reply.getLong());
        int length = wire.read(Integer.BYTES).getInt();
        boolean error = (type & NBD_REPLY_TYPE_IS_ERROR) != 0;
        boolean possible = magic == NBD_STRUCTURED_REPLY_MAGIC
                && (flags & NBD_REPLY_FLAG_DONE) != 0
                && (error ? length >= Integer.BYTES && length <= Wire.MAX_READ : length == 0);
        if (!possible) {
            throw broken();
        }
        return error ? wire.read(length).getInt() : 0;
    }

    private static void checkCookie(long cookie) throws NbdException {
        if (cookie != FAREWELL) {
            throw broken();
        }
    }

    private static NbdException broken() {
        return new NbdException("is served by something that breaks the protocol: it answers a flush with nonsense");
    }

    /** Takes leave of the server, which closes its side, and closes. Nothing may be in flight. */
    void close() {
        try {
            new Wire(socket, 1000).write(request(NBD_CMD_DISC));
        } catch (NbdException e) {
            // It has gone before; there is nothing to take leave of.
        }
        socket.close();
    }
}
