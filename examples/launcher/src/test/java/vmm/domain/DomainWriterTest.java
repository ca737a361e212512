package vmm.domain;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vmm.block.BlockOptions;
import vmm.machine.DiskConfig;
import vmm.machine.MachineConfig;

/** A machine described is the same machine, and libvirt's own schema takes the description. */
class DomainWriterTest {
    private static final String PLAIN = Descriptions.disk("vda", "");

    @TempDir
    private Path folder;

    /** What virt-install prints, and what it does not. */
    private static List<MachineConfig> machines() {
        List<MachineConfig> machines = new ArrayList<>();
        Descriptions.RUNNABLE.forEach(name -> machines.add(Descriptions.plan(Descriptions.parse(name))));
        for (String xml : List.of(
                Descriptions.domain(
                        "<sysinfo type='fwcfg'><entry name='opt/a'>&lt;text&gt;</entry>"
                                + "<entry name='opt/b' file='/b'/></sysinfo><iothreads>2</iothreads>",
                        Descriptions.disk(
                                        "vda",
                                        "<driver name='qemu' type='qcow2' cache='none' io='io_uring' discard='unmap'"
                                                + " error_policy='enospace' rerror_policy='ignore' queues='3' iothread='2'"
                                                + " packed='on' event_idx='off'/><readonly/>"
                                                + "<address type='pci' slot='0x1f' function='0x0' multifunction='on'/>")
                                + Descriptions.disk("vdb", "<address type='pci' slot='0x1f' function='0x7'/>")
                                + Descriptions.disk(
                                        "sdz",
                                        "<alias name='ua-x.1_b'/><serial>S 1</serial><wwn>0x5000c50015ea71ac</wwn>"
                                                + "<vendor>ACME</vendor><product>DISK &amp; MORE</product><boot order='2'/>"
                                                + "<blockio logical_block_size='512' physical_block_size='4096'/>"
                                                + "<iotune><total_bytes_sec>1000000</total_bytes_sec>"
                                                + "<total_bytes_sec_max>2000000</total_bytes_sec_max>"
                                                + "<total_bytes_sec_max_length>5</total_bytes_sec_max_length>"
                                                + "<total_iops_sec>5</total_iops_sec><size_iops_sec>4096</size_iops_sec>"
                                                + "<group_name>g</group_name></iotune>"
                                                + "<address type='drive' controller='2' target='99' unit='16383'/>")
                                + "<disk type='file' device='cdrom'><target dev='sda' bus='scsi'/></disk>"
                                + "<disk type='network'><source protocol='nbd' name='a b'>"
                                + "<host transport='unix' socket='/run/x'/></source><target dev='sdb'/></disk>"
                                + "<disk type='network'><source protocol='nbd'><host name='::1' port='1'/></source>"
                                + "<target dev='sdc' bus='scsi' removable='on'/></disk>"
                                + "<disk type='block' model='virtio-non-transitional'><source dev='/dev/vg/lv'/>"
                                + "<target dev='vdd'/></disk>"
                                + "<controller type='scsi' index='2' model='virtio-non-transitional'>"
                                + "<driver queues='1' cmd_per_lun='7' max_sectors='512'/></controller>"
                                + "<serial type='null'/>"),
                withOs("<type>hvm</type><loader type='rom'>/bios.bin</loader><boot dev='cdrom'/><boot dev='hd'/>"
                        + "<bootmenu enable='yes' timeout='3000'/>"),
                withOs("<type>hvm</type><loader readonly='yes' type='pflash'>/CODE.fd</loader><nvram>/vars</nvram>"),
                withOs("<type>hvm</type><bootmenu timeout='3000' enable='no'/>"),
                withOs("<type>hvm</type><loader stateless='yes'/>").replace("<os>", "<os firmware='efi'>"),
                withOs(
                                "<type>hvm</type><kernel>/k</kernel><initrd>/i</initrd><cmdline>a=\"b c\" &lt;&amp;&gt; 'd'</cmdline>")
                        .replace("<os>", "<os firmware='bios'>"),
                Descriptions.domain(PLAIN + "<serial type='stdio'/>"))) {
            machines.add(Descriptions.plan(Descriptions.parseText(xml)));
        }
        return machines;
    }

    private static String withOs(String os) {
        return Descriptions.domain(PLAIN).replace("<os><type>hvm</type></os>", "<os>" + os + "</os>");
    }

    @Test
    void aDescribedMachineIsTheSameMachine() {
        for (MachineConfig machine : machines()) {
            String xml = DomainXml.write(machine);
            DomainXml.Parsed again = Descriptions.parseText(xml);
            assertEquals(machine, Descriptions.plan(again), xml);
            assertEquals(Optional.empty(), again.warning(), xml);
        }
    }

    @Test
    void libvirtsSchemaTakesEveryDescription() throws Exception {
        assumeTrue(isThere(), "virt-xml-validate of libvirt-clients, or xmllint of libxml2-utils, is not here");
        for (MachineConfig machine : machines()) {
            assertValid(DomainXml.write(machine));
        }
    }

    private static boolean isThere() throws InterruptedException {
        try {
            return new ProcessBuilder("virt-xml-validate", "--version").start().waitFor() == 0
                    && new ProcessBuilder("xmllint", "--version").start().waitFor() == 0;
        } catch (IOException none) {
            return false;
        }
    }

    @Test
    void whatLibvirtHasNoWordForIsSaidInAComment() throws Exception {
        String xml = DomainXml.write(
                withSource(Descriptions.plan(Descriptions.parseText(Descriptions.domain(PLAIN))), "mem:1G"));
        assertTrue(xml.contains("<!-- no file keeps its data: mem:1G -->"), xml);
        assumeTrue(isThere(), "virt-xml-validate of libvirt-clients, or xmllint of libxml2-utils, is not here");
        assertValid(xml);
    }

    private static MachineConfig withSource(MachineConfig machine, String source) {
        DiskConfig disk = machine.disks().getFirst();
        DiskConfig other = new DiskConfig(
                disk.id(),
                disk.cdrom(),
                disk.node(),
                BlockOptions.of(source, false),
                disk.serial(),
                disk.wwn(),
                disk.vendor(),
                disk.product(),
                disk.logicalBlockSize(),
                disk.physicalBlockSize(),
                disk.removable(),
                disk.bootIndex(),
                disk.address(),
                disk.policy());
        return new MachineConfig(
                machine.name(),
                machine.memoryBytes(),
                machine.cpus(),
                machine.iothreads(),
                machine.loop(),
                machine.boot(),
                machine.transport(),
                machine.controllers(),
                List.of(other),
                machine.serial(),
                machine.control(),
                machine.rebootOnReset(),
                machine.debugExit(),
                machine.fwCfg());
    }

    private void assertValid(String xml) throws Exception {
        Path file = Files.writeString(folder.resolve("domain.xml"), xml);
        Process process = new ProcessBuilder("virt-xml-validate", file.toString(), "domain")
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), () -> said + xml);
    }
}
