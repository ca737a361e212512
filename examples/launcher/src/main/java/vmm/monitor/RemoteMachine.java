package vmm.monitor;

import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import tools.jackson.databind.JsonNode;
import vmm.block.ThrottleLimits;
import vmm.block.ThrottleLimits.Rate;
import vmm.control.QmpClient;
import vmm.linux.HostException;
import vmm.machine.DiskLimits;
import vmm.machine.MachineRequest;

/** A machine of another process, changed by QMP. One thread. */
public final class RemoteMachine {
    private static final String DELETED = "DEVICE_DELETED";
    private static final String KEPT = "DEVICE_UNPLUG_GUEST_ERROR";

    private final QmpClient client;

    /** The machine that {@code client} talks with. */
    public RemoteMachine(QmpClient client) {
        this.client = client;
    }

    /** How an unplug ended. */
    public enum Detached {
        /** The device is gone, and its image is closed. */
        GONE,
        /** The guest does not let it go. */
        REFUSED,
        /** The guest has not answered yet. */
        PENDING
    }

    /**
     * Opens a disk's image and plugs the disk; if it cannot be plugged, the image is closed again.
     *
     * @return its id, which is chosen if the disk has none
     * @throws HostException if the machine refuses
     * @throws vmm.machine.ConfigurationException if it is something that only a machine's start can make
     * @throws IOException if the machine has ended
     */
    public String attach(MachineRequest.Disk disk) throws IOException {
        String id = disk.id().isPresent() ? disk.id().get() : unusedId("drive");
        String node = disk.image().source().isEmpty() ? "" : id;
        Map<String, Object> device = DeviceArguments.of(disk, id, node);
        if (!node.isEmpty()) {
            client.execute("blockdev-add", BlockdevOptions.describe(node, disk.image()));
        }
        try {
            client.execute("device_add", device);
        } catch (HostException refused) {
            if (!node.isEmpty()) {
                client.execute("blockdev-del", Map.of("node-name", node));
            }
            throw refused;
        }
        DiskLimits limits = disk.policy().limits();
        if (!limits.limits().isNone() || limits.group().isPresent()) {
            client.execute("block_set_io_throttle", throttle(id, limits));
        }
        return id;
    }

    /**
     * Plugs a SCSI controller.
     *
     * @return its id, which is chosen if {@code name} is empty
     * @throws HostException if the machine refuses
     * @throws IOException if the machine has ended
     */
    public String attach(MachineRequest.Controller controller, Optional<String> name) throws IOException {
        String id = name.isPresent()
                ? name.get()
                : controller.index().isPresent() ? "scsi" + controller.index().getAsInt() : unusedId("scsi");
        client.execute("device_add", DeviceArguments.of(controller, id));
        return id;
    }

    /**
     * Unplugs a device, waits until it is gone, and closes its image and those of whatever went with it.
     *
     * @param time how long the guest may take
     * @throws HostException if the machine refuses, as it does if there is no such device
     * @throws IOException if the machine has ended
     */
    public Detached detach(String id, Duration time) throws IOException, InterruptedException {
        Map<String, String> before = nodes();
        client.execute("device_del", Map.of("id", id));
        Predicate<QmpClient.Event> answer =
                event -> (event.name().equals(DELETED) || event.name().equals(KEPT))
                        && event.data().path("device").stringValue("").equals(id);
        Optional<QmpClient.Event> heard = client.awaitEvent(answer, time);
        if (heard.isEmpty()) {
            return Detached.PENDING;
        }
        if (heard.get().name().equals(KEPT)) {
            return Detached.REFUSED;
        }
        Set<String> gone = new HashSet<>(before.values());
        gone.removeAll(nodes().values());
        for (String node : gone) {
            client.execute("blockdev-del", Map.of("node-name", node));
        }
        return Detached.GONE;
    }

    /**
     * Gives a disk's image another size.
     *
     * @param bytes a multiple of 512
     * @throws HostException if the machine refuses
     * @throws IOException if the machine has ended
     */
    public void resize(String id, long bytes) throws IOException {
        String node = nodes().get(id);
        if (node == null) {
            throw new HostException("The machine has no disk " + id + " with an image; it has "
                    + String.join(", ", nodes().keySet()) + ".");
        }
        client.execute("block_resize", Map.of("node-name", node, "size", bytes));
    }

    /**
     * Opens the tray of a CD-ROM drive and takes out what is on it.
     *
     * @param force true to do so even if the guest prevents it
     * @throws HostException if the machine refuses, as it does if the guest prevents it
     * @throws IOException if the machine has ended
     */
    public void eject(String id, boolean force) throws IOException {
        client.execute("eject", Map.of("id", id, "force", force));
    }

    /**
     * Opens the tray of a CD-ROM drive, puts another disc on it and closes it.
     *
     * @param image where the disc's data are
     * @param force true to do so even if the guest prevents that the tray opens
     * @throws HostException if the machine refuses, as it does if the guest prevents it
     * @throws IOException if the machine has ended
     */
    public void change(String id, String image, boolean force) throws IOException {
        client.execute(
                "blockdev-change-medium",
                Map.of("id", id, "filename", BlockdevOptions.fromAnywhere(image), "force", force));
    }

    /**
     * Has something go wrong in a logical unit.
     *
     * @param fault what, as the end of a command's name: {@code medium-error}, {@code busy}, {@code lost-response},
     *     {@code delay}, {@code unit-attention}
     * @param arguments of that command, without the unit's
     * @throws HostException if the machine refuses
     * @throws IOException if the machine has ended
     */
    public void inject(String id, String fault, Map<String, Object> arguments) throws IOException {
        Map<String, Object> all = new LinkedHashMap<>(arguments);
        all.put("id", id);
        client.execute("x-vmm-inject-" + fault, all);
    }

    /**
     * Has nothing go wrong in a logical unit any more.
     *
     * @throws HostException if the machine refuses
     * @throws IOException if the machine has ended
     */
    public void clearFaults(String id) throws IOException {
        client.execute("x-vmm-clear-faults", Map.of("id", id));
    }

    /** What is still to go wrong, an object for each logical unit. */
    public JsonNode faults() throws IOException {
        return client.execute("x-vmm-query-faults");
    }

    /** Has the machine begin anew, as its reset button would. */
    public void reset() throws IOException {
        client.execute("system_reset");
    }

    /** What keeps the data of each disk, by the disks' ids. */
    private Map<String, String> nodes() throws IOException {
        Map<String, String> nodes = new LinkedHashMap<>();
        for (JsonNode device : client.execute("query-block")) {
            JsonNode node = device.path("inserted").path("node-name");
            if (node.isString()) {
                nodes.put(id(device.path("qdev").stringValue("")), node.stringValue());
            }
        }
        return nodes;
    }

    /** The id in {@code /machine/peripheral/ID/virtio-backend}, or what is an id already. */
    private static String id(String qdev) {
        return qdev.startsWith(ObjectTree.PERIPHERAL + "/")
                ? qdev.substring(ObjectTree.PERIPHERAL.length() + 1).split("/", 2)[0]
                : qdev;
    }

    /** The first of {@code drive0}, {@code drive1}, ... that no device and no image has. */
    private String unusedId(String prefix) throws IOException {
        Set<String> used = new HashSet<>(nodes().values());
        for (JsonNode node : client.execute("query-named-block-nodes")) {
            used.add(node.path("node-name").stringValue(""));
        }
        for (JsonNode device : client.execute("qom-list", Map.of("path", ObjectTree.PERIPHERAL))) {
            used.add(device.path("name").stringValue(""));
        }
        int number = 0;
        while (used.contains(prefix + number)) {
            number++;
        }
        return prefix + number;
    }

    private static Map<String, Object> throttle(String id, DiskLimits disk) {
        ThrottleLimits limits = disk.limits();
        Map<String, Object> arguments = new HashMap<>(Map.of("id", id));
        put(arguments, "bps", limits.totalBytes());
        put(arguments, "bps_rd", limits.readBytes());
        put(arguments, "bps_wr", limits.writeBytes());
        put(arguments, "iops", limits.totalIops());
        put(arguments, "iops_rd", limits.readIops());
        put(arguments, "iops_wr", limits.writeIops());
        if (limits.bytesPerOperation() > 0) {
            arguments.put("iops_size", limits.bytesPerOperation());
        }
        disk.group().ifPresent(group -> arguments.put("group", group));
        return arguments;
    }

    private static void put(Map<String, Object> arguments, String name, Rate rate) {
        arguments.put(name, rate.perSecond());
        if (rate.burst() > 0) {
            arguments.put(name + "_max", rate.burst());
            arguments.put(name + "_max_length", rate.burstSeconds());
        }
    }
}
