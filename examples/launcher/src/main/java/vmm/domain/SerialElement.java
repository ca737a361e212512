package vmm.domain;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import vmm.control.ControlPath;
import vmm.machine.SerialConfig;

/** The {@code <serial>} and {@code <console>} elements of a domain, which describe its first serial port together. */
final class SerialElement {
    private SerialElement() {}

    /**
     * Where the first serial port leads.
     *
     * @param machine the machine's name
     */
    static SerialConfig of(XmlElement devices, String machine) {
        List<XmlElement> ports =
                devices.children().stream().filter(SerialElement::isFirstPort).toList();
        // A console is the same port once more, if there is a port.
        Optional<XmlElement> port = Stream.of("serial", "console")
                .flatMap(name -> ports.stream().filter(element -> element.name().equals(name)))
                .findFirst();
        ports.stream().filter(element -> element.name().equals("console")).forEach(XmlElement::visitAll);
        return port.map(element -> leads(element.visit(), machine)).orElseGet(SerialConfig.None::new);
    }

    /** Others, as the consoles of virtio-serial, are devices that the guest does not get. */
    private static boolean isFirstPort(XmlElement element) {
        Optional<XmlElement> target = element.children().stream()
                .filter(child -> child.name().equals("target"))
                .findFirst();
        boolean first = target.map(found -> found.attribute("port").orElse("0").equals("0"))
                .orElse(true);
        return first
                && switch (element.name()) {
                    case "serial" -> true;
                    case "console" ->
                        target.map(found ->
                                        found.attribute("type").orElse("serial").equals("serial"))
                                .orElse(true);
                    default -> false;
                };
    }

    private static SerialConfig leads(XmlElement port, String machine) {
        port.child("target").ifPresent(XmlElement::visitAll);
        port.child("alias").ifPresent(XmlElement::visitAll);
        String type = port.attribute("type").orElse("pty");
        return switch (type) {
            case "pty" -> {
                // The path is that of an earlier run.
                port.attribute("tty");
                port.child("source").ifPresent(XmlElement::visitAll);
                yield new SerialConfig.UnixSocket(ControlPath.console(machine));
            }
            case "stdio" -> new SerialConfig.Stdio();
            case "null" -> new SerialConfig.None();
            case "file" -> new SerialConfig.ToFile(path(source(port)));
            case "unix" -> {
                XmlElement source = source(port);
                if (!source.required("mode").equals("bind")) {
                    throw source.refused("has another mode= than 'bind', and a serial port waits for its client here;"
                            + " write mode='bind'");
                }
                yield new SerialConfig.UnixSocket(path(source));
            }
            default ->
                throw port.refused("has type='" + XmlElement.shown(type)
                        + "', and a serial port leads to a pty, stdio, file, unix or null here; write one of those");
        };
    }

    private static XmlElement source(XmlElement port) {
        return port.child("source").orElseThrow(() -> port.refused("has no <source>; add one with path="));
    }

    private static Path path(XmlElement source) {
        return source.file(source.required("path"));
    }
}
