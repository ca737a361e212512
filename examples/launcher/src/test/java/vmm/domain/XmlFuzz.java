package vmm.domain;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import vmm.fuzz.SeededInputs;
import vmm.machine.ConfigurationException;
import vmm.machine.HostLimits;
import vmm.machine.MachineConfig;
import vmm.machine.MachinePlanner;
import vmm.machine.MachineRequest;

/** Descriptions that anybody may have written: what is taken can be described again, and the rest is refused. */
class XmlFuzz {
    private static final HostLimits HOST = new HostLimits(1L << 40);
    private static final int DEEPEST = 5;
    private static final int MOST_CHILDREN = 6;

    private static final List<String> NAMES = List.of(
            "name",
            "uuid",
            "memory",
            "currentMemory",
            "vcpu",
            "os",
            "type",
            "loader",
            "nvram",
            "kernel",
            "initrd",
            "cmdline",
            "boot",
            "bootmenu",
            "smbios",
            "sysinfo",
            "system",
            "entry",
            "iothreads",
            "on_reboot",
            "on_poweroff",
            "on_crash",
            "features",
            "acpi",
            "cpu",
            "clock",
            "devices",
            "disk",
            "controller",
            "driver",
            "source",
            "host",
            "target",
            "address",
            "serial",
            "console",
            "wwn",
            "vendor",
            "product",
            "readonly",
            "shareable",
            "transient",
            "alias",
            "blockio",
            "iotune",
            "total_bytes_sec",
            "read_iops_sec",
            "group_name",
            "backingStore",
            "encryption",
            "interface",
            "metadata");
    private static final List<String> ATTRIBUTES = List.of(
            "type",
            "device",
            "model",
            "name",
            "cache",
            "io",
            "discard",
            "error_policy",
            "rerror_policy",
            "queues",
            "iothread",
            "packed",
            "file",
            "dev",
            "protocol",
            "port",
            "transport",
            "socket",
            "bus",
            "controller",
            "target",
            "unit",
            "domain",
            "slot",
            "function",
            "order",
            "index",
            "unit",
            "arch",
            "machine",
            "firmware",
            "enabled",
            "secure",
            "mode",
            "path",
            "logical_block_size",
            "physical_block_size",
            "current",
            "timeout");
    private static final List<String> VALUES = List.of(
            "kvm",
            "hvm",
            "x86_64",
            "file",
            "block",
            "network",
            "disk",
            "cdrom",
            "lun",
            "virtio",
            "scsi",
            "virtio-scsi",
            "raw",
            "qcow2",
            "none",
            "writeback",
            "unmap",
            "ignore",
            "stop",
            "enospace",
            "on",
            "off",
            "yes",
            "no",
            "/a",
            "/dev/sda",
            "nbd",
            "localhost",
            "unix",
            "sda",
            "sdb",
            "vda",
            "pci",
            "drive",
            "0",
            "1",
            "2",
            "7",
            "0x05",
            "255",
            "16383",
            "4096",
            "2147483647",
            "99999999999999999999",
            "-1",
            "KiB",
            "GB",
            "hd",
            "efi",
            "pty",
            "stdio",
            "null",
            "bind",
            "isa-serial",
            "5000c50015ea71ac",
            "destroy",
            "restart",
            "1048576");

    @FuzzTest
    void anyBytesAreADomainOrRefused(FuzzedDataProvider data) {
        check(data.consumeRemainingAsBytes());
    }

    @FuzzTest
    void anyElementsAreADomainOrRefused(FuzzedDataProvider data) {
        StringBuilder xml = new StringBuilder("<domain type='kvm'><name>a</name><memory>1048576</memory>");
        xml.append("<os><type>hvm</type>");
        children(xml, data, 0);
        xml.append("</os><devices><disk><source file='/a'/><target dev='sda'/>");
        children(xml, data, 0);
        xml.append("</disk><controller type='scsi'>");
        children(xml, data, 0);
        xml.append("</controller>");
        children(xml, data, 0);
        xml.append("</devices>");
        children(xml, data, 0);
        check(xml.append("</domain>").toString().getBytes(StandardCharsets.UTF_8));
    }

    private static void children(StringBuilder xml, FuzzedDataProvider data, int depth) {
        int count = data.consumeInt(0, MOST_CHILDREN);
        for (int i = 0; i < count && data.remainingBytes() > 0; i++) {
            String name = data.pickValue(NAMES);
            xml.append('<').append(name);
            int attributes = data.consumeInt(0, 4);
            for (int a = 0, from = data.consumeInt(0, ATTRIBUTES.size() - 1); a < attributes; a++) {
                // Neighbours differ, and an element with an attribute twice is no XML.
                xml.append(' ').append(ATTRIBUTES.get((from + a) % ATTRIBUTES.size()));
                xml.append("='").append(data.pickValue(VALUES)).append('\'');
            }
            xml.append('>');
            if (data.consumeBoolean()) {
                xml.append(data.pickValue(VALUES));
            } else if (depth < DEEPEST) {
                children(xml, data, depth + 1);
            }
            xml.append("</").append(name).append('>');
        }
    }

    private static void check(byte[] xml) {
        domain(xml);
        try {
            DiskXml.parse("fuzzed", xml);
        } catch (ConfigurationException refused) {
            assertSentence(refused);
        }
    }

    private static void domain(byte[] xml) {
        MachineRequest request;
        try {
            request = DomainXml.parse("fuzzed", xml, Optional.empty()).request();
        } catch (ConfigurationException refused) {
            assertSentence(refused);
            return;
        }
        MachineConfig machine;
        try {
            machine = MachinePlanner.plan(request, HOST);
        } catch (ConfigurationException refused) {
            return;
        }
        String written = DomainXml.write(machine);
        MachineRequest again = DomainXml.parse("written", written.getBytes(StandardCharsets.UTF_8), Optional.empty())
                .request();
        assertEquals(machine, MachinePlanner.plan(again, HOST), written);
    }

    private static void assertSentence(ConfigurationException refused) {
        String sentence = String.valueOf(refused.getMessage());
        assertTrue(sentence.endsWith("."), sentence);
        assertFalse(sentence.contains("null;") || sentence.contains("\n"), sentence);
    }

    @Test
    void seededBytes() {
        SeededInputs.run(XmlFuzz.class, 200, this::anyBytesAreADomainOrRefused);
    }

    @Test
    void seededElements() {
        SeededInputs.run(XmlFuzz.class, 500, this::anyElementsAreADomainOrRefused);
    }
}
