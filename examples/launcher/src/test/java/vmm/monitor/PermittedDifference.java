package vmm.monitor;

import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Something that QEMU answers and this VMM does not, or otherwise. docs/qmp.md tells of each.
 *
 * @param kind what differs
 * @param command which commands' lines, as a regular expression that is found in them
 * @param path which fields of their answers, likewise, from the beginning to the end
 * @param reason why
 */
record PermittedDifference(Kind kind, Pattern command, Pattern path, String reason) {
    /** What may differ about a field. */
    enum Kind {
        /** QEMU has it, and this VMM has not. */
        LESS,
        /** This VMM has it, and QEMU has not. */
        MORE,
        /** Both have it, with different values. */
        OTHER
    }

    static final List<PermittedDifference> ALL = List.of(
            of(
                    Kind.OTHER,
                    "greeting|query-version",
                    "(/QMP/version|/return)/(qemu/(major|minor|micro)|package)",
                    "The version is this program's."),
            of(Kind.LESS, "greeting", "/QMP/capabilities/0", "There are no out-of-band commands."),
            of(Kind.MORE, "greeting", "/QMP/capabilities", "There are no out-of-band commands."),
            of(Kind.OTHER, ".", "/error/desc: JSON parse error", "What is wrong with JSON is said in fewer ways."),
            of(
                    Kind.OTHER,
                    "\\bcont\\b",
                    "events",
                    "QEMU with -S begins with the first cont; this machine runs from the start."),
            of(Kind.OTHER, "query-cpus-fast|query-iothreads", ".*/thread-id", "Threads have other numbers."),
            of(Kind.OTHER, "query-chardev", ".*/filename", "Whether a client is connected to a socket is not told."),
            of(Kind.OTHER, "query-block", ".*/cd0/inserted/node-name", "Nodes that nobody has named have other names."),
            of(Kind.OTHER, "x-query-virtio-status", ".*/host-features/.*", "Bits have names without explanations."),
            of(
                    Kind.LESS,
                    "x-query-virtio-status",
                    ".*",
                    "What is about QEMU and vhost is not told; other features are offered."),
            of(Kind.LESS, "x-query-virtio-queue-status", "/return/.*", "The indexes of a queue belong to its thread."),
            of(Kind.LESS, "query-blockstats", ".*/(stats|parent)/.*", "What is not counted is not told."),
            of(Kind.LESS, "query-pci", "/return/0/devices/slot 1\\.1/.*", "There is no IDE controller."),
            of(Kind.LESS, "qom-list", "/return/.*", "Objects have what is told of devices, and no more."),
            of(Kind.OTHER, "qom-list", "/return/machine/type", "The machine has no versions."),
            of(
                    Kind.LESS,
                    "device-list-properties",
                    "/return/.*",
                    "Devices have the properties that mean something here."),
            of(
                    Kind.MORE,
                    "device-list-properties",
                    "/return/(x-.*|in_order|notification_data)/.*",
                    "What QEMU 7.2 has no word for has the name of later ones, or begins with x-."),
            of(Kind.OTHER, "nope\\.(img|iso)", "/error/desc", "What is wrong with a file is told with the remedy."),
            of(Kind.LESS, "query-commands", "/return/.*", "There are the commands that are in the documentation."),
            of(Kind.MORE, "query-commands", "/return/x-vmm-.*", "What QMP has no words for has names of its own."),
            of(Kind.LESS, "migrate", "/return", "There is no migration."),
            of(Kind.MORE, "migrate", "/error/.*", "There is no migration."),
            of(Kind.LESS, "device_del.*scsi1", "/return", "A guest that was asked is left alone for some seconds."),
            of(Kind.MORE, "device_del.*scsi1", "/error/.*", "A guest that was asked is left alone for some seconds."),
            of(
                    Kind.OTHER,
                    "system_reset",
                    "events",
                    "QEMU tells of the parts of devices, too, and of the reset before what it does."));

    private static PermittedDifference of(Kind kind, String command, String path, String reason) {
        return new PermittedDifference(kind, Pattern.compile(command), Pattern.compile(path), reason);
    }

    /** The one that permits a difference there. */
    static Optional<PermittedDifference> of(Kind kind, String command, String path) {
        return ALL.stream()
                .filter(each -> each.kind == kind
                        && each.command.matcher(command).find()
                        && each.path.matcher(path).matches())
                .findFirst();
    }
}
