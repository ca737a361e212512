package vmm.block.nbd;

import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import vmm.linux.HostException;
import vmm.linux.Socket;

/**
 * Where an export is, as a user writes it (nbd's doc/uri.md): {@code nbd://host[:port][/export]} or
 * {@code nbd+unix:///[export]?socket=PATH}.
 *
 * @param uri what the user wrote
 * @param host the server's name or address; empty with a local socket
 * @param port its TCP port
 * @param socket the path of a local socket, or a NUL character and an abstract name; empty with TCP
 * @param export the export's name, empty for the server's default
 * @param reconnectSeconds how long requests wait for a server that is gone ({@code x-reconnect=})
 * @param timeoutSeconds how long a server may be silent while requests wait for it ({@code x-timeout=})
 */
record NbdAddress(
        String uri, String host, int port, String socket, String export, int reconnectSeconds, int timeoutSeconds) {
    private static final int DEFAULT_PORT = 10809;
    private static final int DEFAULT_RECONNECT_SECONDS = 30;
    private static final int DEFAULT_TIMEOUT_SECONDS = 30;
    private static final int MOST_SECONDS = 86_400;

    private static final String EXAMPLES =
            "write nbd://host:10809/export or nbd+unix:///export?socket=/path, with %20 for a space";

    private static final Set<String> TLS_PARAMETERS =
            Set.of("tls-type", "tls-hostname", "tls-verify-peer", "tls-certificates", "tls-psk-file");

    /** True if {@code source} is meant to be an NBD address, whether or not it is a good one. */
    static boolean isMeantBy(String source) {
        return source.matches("(?i)nbds?(\\+[a-z]+)?:.*");
    }

    /**
     * Reads an address.
     *
     * @throws HostException with a sentence if it is none, or wants what this VMM does not have
     */
    static NbdAddress parse(String source) {
        URI uri;
        try {
            uri = new URI(source);
        } catch (URISyntaxException e) {
            throw new HostException("Disk " + source + " is no address: " + EXAMPLES + ".", e);
        }
        String scheme = uri.getScheme().toLowerCase(Locale.ROOT);
        if (scheme.startsWith("nbds")) {
            throw tls(source);
        }
        boolean local = scheme.equals("nbd+unix");
        if (uri.isOpaque() || uri.getRawFragment() != null || !(local || scheme.equals("nbd"))) {
            throw bad(source, "is no address that NBD has");
        }
        Map<String, String> parameters = parameters(source, uri.getRawQuery());
        String socket = socket(source, local, parameters);
        int reconnect = seconds(source, parameters, "x-reconnect", 0, DEFAULT_RECONNECT_SECONDS);
        int timeout = seconds(source, parameters, "x-timeout", 1, DEFAULT_TIMEOUT_SECONDS);
        if (!parameters.isEmpty()) {
            String name = parameters.keySet().iterator().next();
            if (TLS_PARAMETERS.contains(name)) {
                throw tls(source);
            }
            throw bad(source, "has a parameter " + name + " that is not known");
        }
        String host = host(source, uri, local);
        int port = uri.getPort() == -1 ? DEFAULT_PORT : uri.getPort();
        if (port == 0 || port > 0xffff) {
            throw bad(source, "has no port from 1 to 65535");
        }
        return new NbdAddress(source, host, port, socket, export(source, uri), reconnect, timeout);
    }

    private static String host(String source, URI uri, boolean local) {
        if (local) {
            if (uri.getRawAuthority() != null) {
                throw bad(source, "names a host, which a local socket has not (are there three slashes?)");
            }
            return "";
        }
        if (uri.getRawAuthority() == null) {
            return "localhost";
        }
        if (uri.getHost() == null || uri.getRawUserInfo() != null) {
            throw bad(source, "has no host name or address after its two slashes");
        }
        return uri.getHost();
    }

    private static String socket(String source, boolean local, Map<String, String> parameters) {
        String socket = parameters.remove("socket");
        if (local != (socket != null && !socket.isEmpty())) {
            throw bad(source, local ? "does not say which socket" : "names a socket, but is not nbd+unix");
        }
        if (socket != null && socket.getBytes(StandardCharsets.UTF_8).length > Socket.MAX_PATH) {
            throw bad(source, "has a socket's path of more than " + Socket.MAX_PATH + " bytes");
        }
        return socket == null ? "" : socket;
    }

    private static String export(String source, URI uri) {
        String path = uri.getPath();
        String export = path.startsWith("/") ? path.substring(1) : path;
        if (export.indexOf('\0') >= 0 || export.getBytes(StandardCharsets.UTF_8).length > Nbd.MAX_STRING) {
            throw bad(source, "has an export's name that no server can have");
        }
        return export;
    }

    private static Map<String, String> parameters(String source, String query) {
        Map<String, String> parameters = new HashMap<>();
        if (query == null || query.isEmpty()) {
            return parameters;
        }
        for (String part : query.split("&", -1)) {
            int equals = part.indexOf('=');
            String name = equals < 0 ? part : part.substring(0, equals);
            String value = equals < 0 ? "" : decode(part.substring(equals + 1));
            if (parameters.put(name, value) != null) {
                throw bad(source, "has a parameter " + name + " twice");
            }
        }
        return parameters;
    }

    /** A query's value with its escapes resolved; as in RFC 3986, a plus sign is one. */
    private static String decode(String value) {
        return URI.create("x:///?" + value).getQuery();
    }

    private static int seconds(String source, Map<String, String> parameters, String name, int least, int otherwise) {
        String value = parameters.remove(name);
        if (value == null) {
            return otherwise;
        }
        if (!value.matches("[0-9]{1,5}") || Integer.parseInt(value) < least || Integer.parseInt(value) > MOST_SECONDS) {
            throw bad(source, "has no number of seconds from " + least + " to " + MOST_SECONDS + " at " + name);
        }
        return Integer.parseInt(value);
    }

    private static HostException bad(String source, String trouble) {
        return new HostException("Disk " + source + " " + trouble + ": " + EXAMPLES + ".");
    }

    private static HostException tls(String source) {
        return new HostException("Disk " + source
                + " wants TLS, which this VMM does not have: use nbd:// or nbd+unix:// through a tunnel that encrypts,"
                + " as ssh -L or stunnel.");
    }
}
