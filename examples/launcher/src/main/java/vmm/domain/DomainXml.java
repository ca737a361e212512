package vmm.domain;

import java.nio.file.Path;
import java.util.Optional;
import vmm.machine.ConfigurationException;
import vmm.machine.MachineConfig;
import vmm.machine.MachineRequest;

/** libvirt's description of a domain, to and from a machine. Any thread. */
public final class DomainXml {
    private DomainXml() {}

    /**
     * What a description asks for.
     *
     * @param request the machine; what the description leaves open is left open
     * @param warning one sentence that names what of it means nothing here, if there is anything
     */
    public record Parsed(MachineRequest request, Optional<String> warning) {}

    /**
     * Reads a file.
     *
     * @param name what the user calls the machine instead of {@code <name>}, if anything
     * @throws vmm.linux.HostException if it cannot be read
     * @throws ConfigurationException if it is no domain, or one that this VMM cannot run as it is meant
     */
    public static Parsed parse(Path file, Optional<String> name) {
        return parse(file.toString(), XmlReader.bytes(file), name);
    }

    /**
     * The same of a description in memory.
     *
     * @param document what the user calls it, for sentences
     */
    public static Parsed parse(String document, byte[] xml, Optional<String> name) {
        XmlElement root = XmlReader.read(document, xml);
        MachineRequest request = new DomainElement(root.visit(), name).request();
        return new Parsed(request, Unread.sentence(document, root));
    }

    /** A machine as libvirt would describe it, in a form that its schema takes. */
    public static String write(MachineConfig machine) {
        return new DomainWriter(machine).text();
    }
}
