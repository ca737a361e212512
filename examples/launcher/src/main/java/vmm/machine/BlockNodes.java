package vmm.machine;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import vmm.block.BlockDevice;
import vmm.block.BlockDevices;
import vmm.block.BorrowedDisk;

/**
 * The images that a machine has open, each under a name, locked for as long as they are here: a reset of the machine
 * keeps them. Any thread.
 */
final class BlockNodes implements AutoCloseable {
    private static final class Node {
        final NodeConfig config;

        /** Null for a disc that is opened whenever its drive's tray closes. */
        final @Nullable BlockDevice device;

        /** Guarded by the nodes. */
        int users;

        Node(NodeConfig config, @Nullable BlockDevice device) {
            this.config = config;
            this.device = device;
        }
    }

    /** Guarded by this. */
    private final Map<String, Node> nodes = new LinkedHashMap<>();

    /**
     * Opens an image.
     *
     * @throws vmm.linux.HostException if it cannot be opened
     */
    synchronized void add(NodeConfig config) {
        checkFree(config.name());
        nodes.put(config.name(), new Node(config, BlockDevices.open(config.image())));
    }

    /** Gives a name to the disc that lies at some path whenever a tray closes, if any does. */
    synchronized void addDisc(NodeConfig config) {
        checkFree(config.name());
        nodes.put(config.name(), new Node(config, null));
    }

    private void checkFree(String name) {
        if (nodes.containsKey(name)) {
            throw new RefusedException(RefusedException.Kind.TAKEN, "Duplicate nodes with node-name='" + name + "'");
        }
    }

    /** Flushes and closes an image that nobody uses any more. */
    void remove(String name) {
        Node node;
        synchronized (this) {
            node = find(name);
            if (node.users > 0) {
                throw new RefusedException(RefusedException.Kind.IN_USE, "Node " + name + " is in use");
            }
            nodes.remove(name);
        }
        if (node.device != null) {
            node.device.close();
        }
    }

    /** An image as it was asked for. */
    synchronized NodeConfig config(String name) {
        return find(name).config;
    }

    /** The size of an image in bytes; 0 of a disc that lies on no tray yet. */
    synchronized long size(String name) {
        BlockDevice device = find(name).device;
        return device == null ? 0 : device.size();
    }

    /** All of them, in the order in which they were opened. */
    synchronized List<NodeConfig> list() {
        return nodes.values().stream().map(node -> node.config).toList();
    }

    /**
     * A way to an image, to be closed when it is used no more.
     *
     * @throws vmm.linux.HostException if the image is a disc that cannot be opened
     */
    synchronized BlockDevice use(String name) {
        Node node = find(name);
        BlockDevice device = node.device;
        if (device == null) {
            return BlockDevices.open(node.config.image());
        }
        node.users++;
        return new BorrowedDisk(device, () -> giveBack(node));
    }

    private synchronized void giveBack(Node node) {
        node.users--;
    }

    /**
     * Gives an image another size.
     *
     * @throws vmm.linux.HostException if it cannot have it
     */
    void resize(String name, long bytes) {
        Node node;
        synchronized (this) {
            node = find(name);
        }
        if (node.device == null) {
            throw new RefusedException(
                    RefusedException.Kind.UNSUPPORTED, "Node " + name + " is a disc, whose size is what it is.");
        }
        node.device.resize(bytes);
    }

    private Node find(String name) {
        Node node = nodes.get(name);
        if (node == null) {
            throw new RefusedException(
                    RefusedException.Kind.NOT_FOUND, "Failed to find node with node-name='" + name + "'");
        }
        return node;
    }

    /** Flushes and closes all of them, after the last request has ended. */
    @Override
    public void close() {
        List<Node> last;
        synchronized (this) {
            last = new ArrayList<>(nodes.values());
            nodes.clear();
        }
        try (Teardown teardown = new Teardown()) {
            for (Node node : last) {
                if (node.device != null) {
                    teardown.opened(node.device);
                }
            }
        }
    }
}
