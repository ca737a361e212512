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
            of(Kind.OTHER, "greeting|query-version", "(/QMP/version|/return)/(qemu/(major|minor|micro)|package)", "The version is this program's."),
            of(Kind.LESS, "greeting", "/QMP/capabilities/0", "There are no out-of-band commands."),
            of(Kind.MORE, "greeting", "/QMP/capabilities", "There are no out-of-band commands."),
            of(Kind.OTHER, ".", "/error/desc: JSON parse error", "Syntax errors are the JSON library's, in other words."),
            of(Kind.OTHER, "cont\"", "events", "QEMU waits for the first cont with -S; this machine runs already."),
            of(Kind.OTHER, "query-cpus-fast|query-iothreads", ".*/thread-id", "Threads have other numbers."),
            of(Kind.OTHER, "query-chardev", ".*/filename", "Whether a client is connected is not told."),
            of(Kind.LESS, "query-pci", "/return/0/devices/slot 1.1/.*", "There is no IDE controller."));

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
