package vmm.domain;

import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;

/** What of a description nobody has asked for, in one sentence. */
final class Unread {
    /** A sentence with more is no help. */
    private static final int MOST_LISTED = 40;

    /** The devices of libvirt that a guest would miss; all others say something of a device or of the host. */
    private static final Set<String> DEVICES = Set.of(
            "audio",
            "channel",
            "console",
            "crypto",
            "graphics",
            "hostdev",
            "hub",
            "input",
            "interface",
            "iommu",
            "memballoon",
            "memory",
            "nvram",
            "panic",
            "parallel",
            "redirdev",
            "rng",
            "serial",
            "shmem",
            "smartcard",
            "sound",
            "tpm",
            "video",
            "vsock",
            "watchdog");

    private final Set<String> missing = new LinkedHashSet<>();
    private final Set<String> meaningless = new LinkedHashSet<>();

    private Unread() {}

    /** The sentence about a description of which all else was read, if there is anything to say. */
    static Optional<String> sentence(String document, XmlElement root) {
        Unread unread = new Unread();
        unread.collect("", root);
        if (unread.missing.isEmpty() && unread.meaningless.isEmpty()) {
            return Optional.empty();
        }
        String devices = unread.missing.isEmpty()
                ? ""
                : "the guest does without the devices " + list(unread.missing)
                        + (unread.meaningless.isEmpty() ? "" : ", and ");
        String rest = unread.meaningless.isEmpty() ? "" : "these mean nothing here: " + list(unread.meaningless);
        return Optional.of("Of " + document + ", " + devices + rest + ".");
    }

    private void collect(String path, XmlElement element) {
        for (String attribute : element.unreadAttributes()) {
            meaningless.add(path + (path.isEmpty() ? "" : " ") + attribute + "=");
        }
        for (XmlElement child : element.children()) {
            String name = XmlElement.shown(child.name());
            boolean device = element.name().equals("devices");
            // What stands directly in the description or among the devices is known without saying where.
            String below = path.isEmpty() || device ? name : path + "/" + name;
            if (child.isRead()) {
                collect(below, child);
            } else if (device && DEVICES.contains(name)) {
                missing.add(name);
            } else {
                meaningless.add(below + kind(child));
            }
        }
    }

    /** Controllers differ so much that it is worth saying which one. */
    private static String kind(XmlElement element) {
        return element.name().equals("controller")
                ? element.attribute("type")
                        .map(type -> " type=" + XmlElement.shown(type))
                        .orElse("")
                : "";
    }

    private static String list(Set<String> words) {
        String shown = String.join(", ", words.stream().limit(MOST_LISTED).toList());
        int more = words.size() - MOST_LISTED;
        return more > 0 ? shown + " and " + more + " more" : shown;
    }
}
