package vmm.domain;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import vmm.machine.ConfigurationException;
import vmm.machine.HostLimits;
import vmm.machine.MachineConfig;
import vmm.machine.MachinePlanner;

/** Descriptions for tests: what virt-install 4.1.0 of Debian 12 printed, and pieces of them. */
final class Descriptions {
    /** Those of whole machines that can be run here. */
    static final List<String> RUNNABLE = List.of(
            "boot-kernel.xml",
            "cdrom-import.xml",
            "headless-scsi.xml",
            "i440fx.xml",
            "import-virtio.xml",
            "multipath.xml",
            "nbd.xml",
            "nine-scsi-disks.xml",
            "serial-file.xml",
            "serial-unix.xml",
            "tuned.xml",
            "uefi.xml");

    private Descriptions() {}

    static byte[] file(String name) {
        try (InputStream in = Objects.requireNonNull(Descriptions.class.getResourceAsStream(name), name)) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static DomainXml.Parsed parse(String name) {
        return DomainXml.parse(name, file(name), Optional.empty());
    }

    static DomainXml.Parsed parseText(String xml) {
        return DomainXml.parse("test.xml", xml.getBytes(StandardCharsets.UTF_8), Optional.empty());
    }

    static MachineConfig plan(DomainXml.Parsed domain) {
        return MachinePlanner.plan(domain.request(), new HostLimits(1L << 40));
    }

    /** The smallest domain, with more in its {@code <devices>}. */
    static String domain(String devices) {
        return domain("", devices);
    }

    static String domain(String elements, String devices) {
        return "<domain type='kvm'><name>test</name><memory>1048576</memory><os><type>hvm</type></os>\n" + elements
                + "<devices>\n" + devices + "</devices></domain>";
    }

    /** A disk with more elements. */
    static String disk(String name, String more) {
        return "<disk type='file'><source file='/images/" + name + "'/><target dev='" + name + "'/>" + more
                + "</disk>\n";
    }

    static void refused(String xml, String... words) {
        contains(assertThrows(ConfigurationException.class, () -> plan(parseText(xml))), words);
    }

    static void contains(ConfigurationException refused, String... words) {
        String sentence = String.valueOf(refused.getMessage());
        for (String word : words) {
            assertTrue(sentence.contains(word), () -> "no '" + word + "' in: " + sentence);
        }
        assertTrue(sentence.endsWith("."), sentence);
    }
}
