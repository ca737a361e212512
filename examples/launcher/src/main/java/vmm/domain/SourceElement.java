package vmm.domain;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The {@code <source>} of a disk: what keeps its data. */
final class SourceElement {
    /** What of a source would make other data of it, or none at all. */
    private static final Map<String, String> REFUSED = Map.of(
            "auth", "this VMM has no secrets to open it with",
            "encryption", "this VMM does not decrypt disks",
            "reservations", "this VMM reserves no devices of the host",
            "slices", "a disk is a whole file here");

    private final XmlElement disk;

    private SourceElement(XmlElement disk) {
        this.disk = disk;
    }

    /** Where the disk's data is, in the words of {@link vmm.block.BlockOptions#source}; empty for an empty drive. */
    static Optional<String> of(XmlElement disk) {
        return new SourceElement(disk).source();
    }

    /** Refuses what would change the meaning of the data. */
    static void refuseChanges(XmlElement element) {
        REFUSED.forEach((name, why) -> {
            if (element.has(name)) {
                throw element.child(name)
                        .orElseThrow()
                        .refused("cannot be had: " + why + "; leave the disk out, or" + " convert it");
            }
        });
    }

    private Optional<String> source() {
        refuseChanges(disk);
        String type = disk.attribute("type").orElse("file");
        Optional<XmlElement> source = disk.child("source");
        source.ifPresent(SourceElement::refuseChanges);
        source.ifPresent(element -> element.attribute("index"));
        return switch (type) {
            case "file" -> source.flatMap(element -> file(element, "file"));
            case "block" -> source.flatMap(element -> file(element, "dev"));
            case "network" -> source.map(SourceElement::server);
            default ->
                throw disk.refused("has type='" + XmlElement.shown(type)
                        + "', and a disk's data is in a file, a block device or on an NBD server; write type='file',"
                        + " 'block' or 'network'");
        };
    }

    private static Optional<String> file(XmlElement source, String attribute) {
        return source.attribute(attribute).map(name -> source.file(name).toString());
    }

    private static String server(XmlElement source) {
        String protocol = source.required("protocol");
        if (!protocol.equals("nbd")) {
            throw source.refused("has protocol='" + XmlElement.shown(protocol)
                    + "', and this VMM opens disks of NBD servers only; have one export it");
        }
        if (source.isYes("tls", false)) {
            throw source.refused("has tls='yes', and this VMM does not encrypt what it sends; leave it out");
        }
        String export = encoded(source.attribute("name").orElse(""));
        List<XmlElement> hosts = source.children("host");
        if (hosts.size() != 1) {
            throw source.refused("has " + hosts.size() + " <host>s, and an NBD server has one; name that");
        }
        XmlElement host = hosts.getFirst();
        boolean local =
                host.oneOf("transport", Map.of("tcp", false, "unix", true)).orElse(false);
        return local
                ? "nbd+unix:///" + export + "?socket="
                        + encoded(host.file(host.required("socket")).toString())
                : "nbd://" + name(host) + ":" + host.number("port").orElse(10809) + "/" + export;
    }

    private static String name(XmlElement host) {
        String name = host.required("name");
        if (!name.matches("[A-Za-z0-9._:-]+")) {
            throw host.refused("has name='" + XmlElement.shown(name) + "', which is no name of a host; correct it");
        }
        return name.contains(":") ? "[" + name + "]" : name;
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }
}
