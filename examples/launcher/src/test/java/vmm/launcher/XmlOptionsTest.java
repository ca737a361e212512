package vmm.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What options beside {@code --xml} change. */
class XmlOptionsTest {
    private static final String DOMAIN = """
            <domain type='kvm'>
              <name>web</name>
              <memory unit='MiB'>256</memory>
              <vcpu>2</vcpu>
              <os><type>hvm</type></os>
              <on_reboot>destroy</on_reboot>
              <devices>
                <disk type='file'><source file='/a.img'/><target dev='vda' bus='virtio'/></disk>
                <console type='pty'/>
              </devices>
            </domain>
            """;

    @TempDir
    private Path folder;

    private Vmm run(String... more) throws IOException {
        Path file = Files.writeString(folder.resolve("web.xml"), DOMAIN);
        List<String> arguments = new ArrayList<>(List.of("run", "--xml", file.toString(), "--dry-run"));
        arguments.addAll(Arrays.asList(more));
        return Vmm.execute(arguments.toArray(String[]::new));
    }

    private JsonNode json(String... more) throws IOException {
        List<String> arguments = new ArrayList<>(Arrays.asList(more));
        arguments.add("--json");
        Vmm vmm = run(arguments.toArray(String[]::new));
        assertEquals(0, vmm.status(), vmm::err);
        return new JsonMapper().readTree(vmm.out());
    }

    @Test
    void aDomainAloneIsAsItSays() throws IOException {
        JsonNode machine = json();
        assertEquals("web", machine.get("name").stringValue());
        assertEquals(256 << 20, machine.get("memoryBytes").longValue(), machine.toString());
        assertEquals(2, machine.get("cpus").intValue());
    }

    @Test
    void optionsComeFirstAndDisksAreMore() throws IOException {
        JsonNode machine = json(
                "mine",
                "--memory",
                "128M",
                "--cpus",
                "1",
                "--serial",
                "none",
                "--disk",
                "mem:1M",
                "--controller",
                "scsi,queues=3");
        assertEquals("mine", machine.get("name").stringValue());
        assertEquals(128 << 20, machine.get("memoryBytes").longValue());
        assertEquals(1, machine.get("cpus").intValue());
        assertEquals(2, machine.get("disks").size());
        assertEquals(3, machine.get("controllers").get(0).get("queues").intValue());
    }

    @Test
    void anotherKernelReplacesTheOs() throws IOException {
        Vmm vmm = run("--kernel", "/k", "--append", "quiet");
        assertEquals(0, vmm.status(), vmm::err);
        assertTrue(vmm.out().contains("kernel   /k"), vmm::out);
    }

    @Test
    void partsOfAnOsAloneAreRefused() throws IOException {
        Vmm vmm = run("--append", "quiet");
        assertEquals(2, vmm.status());
        assertTrue(vmm.err().contains("--append is beside --xml"), vmm::err);
    }

    @Test
    void aConsoleBesideNoControlSocketIsRefused() throws IOException {
        Vmm vmm = run("--control", "none");
        assertEquals(2, vmm.status());
        assertTrue(vmm.err().contains("add --serial unix:PATH"), vmm::err);
    }

    @Test
    void aDescriptionThatIsNotThereIsRefusedInASentence() {
        Vmm vmm = Vmm.execute("run", "--xml", folder.resolve("none.xml").toString());
        assertEquals(1, vmm.status());
        assertTrue(vmm.err().contains("none.xml cannot be read"), vmm::err);
    }
}
