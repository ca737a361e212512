package vmm.monitor;

import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;
import vmm.block.BlockOptions;
import vmm.block.BlockOptions.Aio;
import vmm.block.BlockOptions.Cache;
import vmm.block.BlockOptions.Format;
import vmm.control.QmpException;
import vmm.machine.DiskPolicy;
import vmm.machine.NodeConfig;
import vmm.monitor.Schema.JsonType;

/**
 * The arguments of {@code blockdev-add}, in both directions. A node is a whole image here: how it keeps its data, and
 * where they are in {@code file}, or the latter alone. What QEMU has no words for has names that begin with {@code x-}.
 */
final class BlockdevOptions {
    /** What the names of memory disks and of disks of nothing begin with. */
    static final String NULL = "null:";

    private static final Pattern NODE_NAME = Pattern.compile("[A-Za-z][A-Za-z0-9._-]{0,30}");
    private static final long NULL_BYTES = 1L << 30;
    private static final int NBD_PORT = 10809;

    private static final Schema BASE = Schema.NONE
            .required("driver", JsonType.STRING)
            .optional("node-name", JsonType.STRING)
            .optional("discard", JsonType.STRING)
            .optional("cache", JsonType.OBJECT)
            .optional("read-only", JsonType.BOOLEAN)
            .optional("auto-read-only", JsonType.BOOLEAN)
            .optional("force-share", JsonType.BOOLEAN)
            .optional("detect-zeroes", JsonType.STRING);

    private static final Schema FORMAT = BASE.required("file", JsonType.ANY)
            .optional("x-shareable", JsonType.BOOLEAN)
            .optional("x-writethrough", JsonType.BOOLEAN);

    private static final Schema FILE = BASE.required("filename", JsonType.STRING)
            .optional("locking", JsonType.STRING)
            .optional("aio", JsonType.STRING)
            .optional("drop-cache", JsonType.BOOLEAN);

    private static final Schema NULL_CO = BASE.optional("size", JsonType.INTEGER)
            .optional("latency-ns", JsonType.UINT64)
            .optional("read-zeroes", JsonType.BOOLEAN);

    private static final Schema NBD = BASE.required("server", JsonType.OBJECT).optional("export", JsonType.STRING);

    private static final Schema IMAGE = BASE.required("source", JsonType.STRING).optional("aio", JsonType.STRING);

    private static final Schema CACHE =
            Schema.NONE.optional("direct", JsonType.BOOLEAN).optional("no-flush", JsonType.BOOLEAN);

    private BlockdevOptions() {}

    /** What one level says of a node. */
    private record Level(String source, Aio aio, Arguments base, boolean direct) {}

    /** The node that a client describes. */
    static NodeConfig parse(ObjectNode arguments) throws QmpException {
        String driver = driver(arguments);
        Format format = format(driver);
        Arguments outer = format == null ? protocol(arguments).base() : FORMAT.check(arguments);
        String name = outer.optionalString("node-name")
                .orElseThrow(() -> QmpException.generic("'node-name' must be specified for the root node"));
        check(NODE_NAME.matcher(name).matches(), "Invalid node-name: '" + name + "'");
        Level level = format == null ? protocol(arguments) : protocol(file(outer.node("file")));
        boolean direct = direct(outer) || level.direct();
        check("off".equals(outer.optionalString("detect-zeroes").orElse("off")), "Detecting zeroes is not supported");
        BlockOptions image = new BlockOptions(
                level.source(),
                outer.isTrue("read-only") || level.base().isTrue("read-only"),
                format == null ? Format.RAW : format,
                direct ? Cache.NONE : outer.isTrue("x-writethrough") ? Cache.WRITETHROUGH : Cache.WRITEBACK,
                level.aio(),
                unmap(outer),
                outer.isTrue("x-shareable"));
        return new NodeConfig(name, image, DiskPolicy.DEFAULT);
    }

    private static String driver(ObjectNode arguments) throws QmpException {
        return Schema.NONE
                .required("driver", JsonType.STRING)
                .orMore()
                .check(arguments)
                .string("driver");
    }

    private static @Nullable Format format(String driver) {
        return switch (driver) {
            case "raw" -> Format.RAW;
            case "qcow2" -> Format.QCOW2;
            default -> null;
        };
    }

    private static ObjectNode file(JsonNode file) throws QmpException {
        if (file instanceof ObjectNode described) {
            return described;
        }
        if (file.isString()) {
            throw QmpException.generic(
                    "Cannot find device='" + file.stringValue() + "' nor node-name='" + file.stringValue() + "'");
        }
        throw Schema.badType("file", "BlockdevRef");
    }

    private static Level protocol(ObjectNode arguments) throws QmpException {
        String driver = driver(arguments);
        return switch (driver) {
            case "file", "host_device" -> {
                Arguments file = FILE.check(arguments);
                yield level(file, file.string("filename"), aio(file));
            }
            case "null-co", "null-aio" -> {
                Arguments none = NULL_CO.check(arguments);
                yield level(none, NULL + none.optionalNumber("size").orElse(NULL_BYTES), Aio.AUTO);
            }
            case "nbd" -> {
                Arguments nbd = NBD.check(arguments);
                yield level(nbd, nbd(nbd), Aio.AUTO);
            }
            case "x-image" -> {
                Arguments image = IMAGE.check(arguments);
                yield level(image, image.string("source"), aio(image));
            }
            default -> throw badValue("driver", driver);
        };
    }

    private static Level level(Arguments base, String source, Aio aio) throws QmpException {
        return new Level(source, aio, base, direct(base));
    }

    private static boolean direct(Arguments level) throws QmpException {
        if (!level.has("cache")) {
            return false;
        }
        Arguments cache = CACHE.check(level.object("cache"), "cache.");
        check(!cache.isTrue("no-flush"), "Flushes cannot be ignored");
        return cache.isTrue("direct");
    }

    private static boolean unmap(Arguments level) throws QmpException {
        String discard = level.optionalString("discard").orElse("ignore");
        return switch (discard) {
            case "unmap" -> true;
            case "ignore" -> false;
            default -> throw badValue("discard", discard);
        };
    }

    private static Aio aio(Arguments level) throws QmpException {
        String aio = level.optionalString("aio").orElse("native");
        return switch (aio) {
            case "io_uring" -> Aio.IO_URING;
            case "threads" -> Aio.THREADS;
            case "native" -> Aio.AUTO;
            default -> throw badValue("aio", aio);
        };
    }

    private static String nbd(Arguments nbd) throws QmpException {
        ObjectNode server = nbd.object("server");
        String type = Schema.NONE
                .required("type", JsonType.STRING)
                .orMore()
                .check(server, "server.")
                .string("type");
        String path = "/" + nbd.optionalString("export").orElse("");
        try {
            return switch (type) {
                case "unix" -> {
                    Schema unix = Schema.NONE.required("type", JsonType.STRING).required("path", JsonType.STRING);
                    String socket = unix.check(server, "server.").string("path");
                    yield new URI("nbd+unix", "", path, "socket=" + socket, null).toString();
                }
                case "inet" -> {
                    Schema inet = Schema.NONE
                            .required("type", JsonType.STRING)
                            .required("host", JsonType.STRING)
                            .required("port", JsonType.STRING);
                    Arguments where = inet.check(server, "server.");
                    yield new URI("nbd", null, where.string("host"), port(where.string("port")), path, null, null)
                            .toString();
                }
                default -> throw badValue("type", type);
            };
        } catch (URISyntaxException senseless) {
            throw QmpException.generic("No NBD server can be there: " + senseless.getMessage());
        }
    }

    private static int port(String port) throws QmpException {
        try {
            return port.isEmpty() ? NBD_PORT : Integer.parseInt(port);
        } catch (NumberFormatException noNumber) {
            throw badValue("port", port);
        }
    }

    private static QmpException badValue(String name, String value) {
        return QmpException.generic("Parameter '" + name + "' does not accept value '" + value + "'");
    }

    private static void check(boolean condition, String description) throws QmpException {
        if (!condition) {
            throw QmpException.generic(description);
        }
    }

    /** What {@link #parse} understands as the node {@code name} of that image, whichever folder its reader is in. */
    static Map<String, Object> describe(String name, BlockOptions image) {
        Map<String, Object> node = new LinkedHashMap<>();
        node.put("driver", image.format() == Format.QCOW2 ? "qcow2" : "raw");
        node.put("node-name", name);
        node.put("read-only", image.readOnly());
        node.put("discard", image.unmap() ? "unmap" : "ignore");
        node.put("cache", Map.of("direct", image.cache() == Cache.NONE));
        if (image.cache() == Cache.WRITETHROUGH) {
            node.put("x-writethrough", true);
        }
        if (image.shareable()) {
            node.put("x-shareable", true);
        }
        node.put("file", storage(image));
        return node;
    }

    private static boolean isFile(String source) {
        return Stream.of(NULL, "mem:", "nbd:", "nbd+unix:").noneMatch(source::startsWith);
    }

    /** The source of an image for a reader in another folder: a file's path is made absolute. */
    static String fromAnywhere(String source) {
        return isFile(source) ? Path.of(source).toAbsolutePath().toString() : source;
    }

    private static Map<String, Object> storage(BlockOptions image) {
        Map<String, Object> storage = new LinkedHashMap<>();
        boolean file = isFile(image.source());
        storage.put("driver", file ? "file" : "x-image");
        storage.put(file ? "filename" : "source", fromAnywhere(image.source()));
        switch (image.aio()) {
            case AUTO -> {}
            case IO_URING -> storage.put("aio", "io_uring");
            case THREADS -> storage.put("aio", "threads");
        }
        return storage;
    }
}
