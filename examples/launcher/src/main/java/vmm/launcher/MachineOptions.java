package vmm.launcher;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import vmm.control.ControlPath;
import vmm.event.LoopOptions;
import vmm.machine.ConfigurationException;
import vmm.machine.MachineRequest.Controller;
import vmm.machine.MachineRequest.Place;
import vmm.machine.MachineRequest.Virtio;
import vmm.machine.SerialConfig;
import vmm.virtio.RingFeatures;
import vmm.virtio.pci.VirtioTransport;

/** Reads the option values that describe parts of a machine. Pure: looks at no file and no device. */
final class MachineOptions {
    /** The keys that every virtio device has. */
    static final List<String> VIRTIO_KEYS = List.of(
            "slot",
            "function",
            "virtio",
            "queues",
            "iothreads",
            "indirect-desc",
            "event-idx",
            "packed",
            "in-order",
            "queue-reset",
            "notification-data");

    private static final List<String> CONTROLLER_KEYS = Stream.concat(
                    Stream.of("scsi", "index", "iothread", "virtqueue_size", "cmd-per-lun", "max-sectors", "seg-max"),
                    VIRTIO_KEYS.stream())
            .toList();

    private static final Map<String, VirtioTransport> TRANSPORTS = Map.of(
            "modern", VirtioTransport.MODERN,
            "transitional", VirtioTransport.TRANSITIONAL,
            "legacy", VirtioTransport.LEGACY);

    /** Longer than that, waiting in the kernel costs nothing that anybody would notice. */
    private static final long MAX_POLL_NANOS = 1_000_000_000;

    private MachineOptions() {}

    /** The value of {@code --controller}. */
    static Controller controller(String text) {
        if (!text.equals("scsi") && !text.startsWith("scsi,")) {
            throw new ConfigurationException("--controller " + text
                    + " does not start with the kind of controller; write --controller scsi,index=0.");
        }
        KeyValues values = KeyValues.parse("--controller", text, CONTROLLER_KEYS);
        if (values.get("iothread").isPresent()) {
            values.refuse(List.of("iothreads"), "says the same as iothread=");
        }
        return new Controller(
                values.number("index"),
                virtio(values, values.get("iothread").isPresent() ? "iothread" : "iothreads"),
                values.number("virtqueue_size"),
                values.number("cmd-per-lun"),
                values.number("max-sectors"),
                values.number("seg-max"));
    }

    /** What every virtio device is asked for by the same keys. */
    static Virtio virtio(KeyValues values) {
        return virtio(values, "iothreads");
    }

    private static Virtio virtio(KeyValues values, String iothreadKey) {
        return new Virtio(
                new Place(values.number("slot"), values.number("function")),
                values.get("virtio").map(word -> values.oneOf("virtio", word, TRANSPORTS)),
                values.number("queues"),
                values.get(iothreadKey).map(MachineOptions::iothreads).orElse(List.of()),
                rings(values));
    }

    private static RingFeatures rings(KeyValues values) {
        RingFeatures usual = RingFeatures.DEFAULT;
        return new RingFeatures(
                values.isOn("indirect-desc", usual.indirect()),
                values.isOn("event-idx", usual.eventIdx()),
                values.isOn("packed", usual.packed()),
                values.isOn("in-order", usual.inOrder()),
                values.isOn("queue-reset", usual.ringReset()),
                values.isOn("notification-data", usual.notificationData()));
    }

    private static List<Integer> iothreads(String text) {
        try {
            return Arrays.stream(text.split("\\+", -1)).map(Integer::valueOf).toList();
        } catch (NumberFormatException notNumbers) {
            throw new ConfigurationException("iothreads=" + text
                    + " must be numbers with a plus between them, one for each queue, as in iothreads=1+2.");
        }
    }

    /** The value of {@code --serial} for a machine of that name. */
    static SerialConfig serial(String text, String machine) {
        if (text.equals("stdio")) {
            return new SerialConfig.Stdio();
        }
        if (text.equals("none")) {
            return new SerialConfig.None();
        }
        if (text.equals("unix")) {
            return new SerialConfig.UnixSocket(ControlPath.console(machine));
        }
        Optional<Path> file = after("file:", text);
        if (file.isPresent()) {
            return new SerialConfig.ToFile(file.get());
        }
        return new SerialConfig.UnixSocket(after("unix:", text)
                .orElseThrow(() -> new ConfigurationException(
                        "--serial takes stdio, file:PATH, unix:PATH, unix or none, not " + text + ".")));
    }

    /** The value of {@code --control} for a machine of that name. */
    static Optional<ControlPath> control(String text, String machine) {
        return switch (text) {
            case "none" -> Optional.empty();
            case "" -> Optional.of(ControlPath.of(machine));
            default -> Optional.of(ControlPath.at(Path.of(text)));
        };
    }

    private static Optional<Path> after(String prefix, String text) {
        return text.startsWith(prefix) && text.length() > prefix.length()
                ? Optional.of(Path.of(text.substring(prefix.length())))
                : Optional.empty();
    }

    /** The value of {@code --memory}, in bytes; a plain number counts MiB, as QEMU's {@code -m} does. */
    static long memory(String text) {
        return Sizes.parse("--memory", text, 'M');
    }

    /** The value of {@code --cpus}. */
    static int cpus(String text) {
        try {
            return Integer.parseInt(text);
        } catch (NumberFormatException notANumber) {
            throw new ConfigurationException("--cpus takes a whole number of vCPUs, not " + text + ".");
        }
    }

    /** The value of {@code --iothreads}. */
    static int iothreadCount(String text) {
        try {
            return Integer.parseInt(text);
        } catch (NumberFormatException notANumber) {
            throw new ConfigurationException("--iothreads takes a whole number of threads, not " + text + ".");
        }
    }

    /** The value of {@code --poll-max-ns}; empty is what suits the host. */
    static LoopOptions loop(String text) {
        if (text.isEmpty()) {
            return LoopOptions.standard();
        }
        try {
            long nanos = Long.parseLong(text);
            if (nanos >= 0 && nanos <= MAX_POLL_NANOS) {
                return LoopOptions.standard().withPollMaxNanos(nanos);
            }
        } catch (NumberFormatException notANumber) {
            throw badPolling(text);
        }
        throw badPolling(text);
    }

    private static ConfigurationException badPolling(String text) {
        return new ConfigurationException("--poll-max-ns takes 0 to " + MAX_POLL_NANOS + " nanoseconds, not " + text
                + "; 32768 suits most hosts, and 0 never polls.");
    }

    /** The value of {@code --virtio}. */
    static VirtioTransport transport(String text) {
        VirtioTransport transport = TRANSPORTS.get(text);
        if (transport == null) {
            throw new ConfigurationException("--virtio takes modern, transitional or legacy, not " + text + ".");
        }
        return transport;
    }
}
