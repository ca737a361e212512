package vmm.domain;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static vmm.domain.Descriptions.contains;
import static vmm.domain.Descriptions.disk;
import static vmm.domain.Descriptions.domain;
import static vmm.domain.Descriptions.parse;
import static vmm.domain.Descriptions.parseText;
import static vmm.domain.Descriptions.plan;
import static vmm.domain.Descriptions.refused;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import vmm.block.BlockOptions;
import vmm.block.ErrorPolicy;
import vmm.block.ErrorPolicy.Action;
import vmm.block.ThrottleLimits.Rate;
import vmm.control.ControlPath;
import vmm.machine.Boot;
import vmm.machine.ConfigurationException;
import vmm.machine.DiskAddress;
import vmm.machine.DiskConfig;
import vmm.machine.FirmwareSource;
import vmm.machine.LunRange;
import vmm.machine.MachineConfig;
import vmm.machine.MachineRequest;
import vmm.machine.MachineRequest.Kind;
import vmm.machine.NumberRange;
import vmm.machine.PciAddress;
import vmm.machine.SerialConfig;
import vmm.machine.StateFolder;
import vmm.scsi.WorldWideName;

/** What domains mean, most of them as virt-install prints them. */
class DomainXmlTest {
    private static DiskConfig planned(MachineConfig machine, String id) {
        return machine.disks().stream()
                .filter(disk -> disk.id().equals(id))
                .findFirst()
                .orElseThrow();
    }

    private static DiskAddress at(int controller, int target, int lun) {
        return new DiskAddress.Scsi(List.of(new LunRange(controller, NumberRange.of(target), NumberRange.of(lun))));
    }

    @Test
    void aHeadlessImportIsAVirtioDiskWithItsSerialPortOnASocket() {
        DomainXml.Parsed domain = parse("import-virtio.xml");
        MachineConfig machine = plan(domain);
        assertEquals("web", machine.name());
        assertEquals(1L << 30, machine.memoryBytes());
        assertEquals(2, machine.cpus());
        assertTrue(machine.rebootOnReset());
        assertEquals(new SerialConfig.UnixSocket(ControlPath.console("web")), machine.serial());
        DiskConfig disk = planned(machine, "vda");
        assertEquals("/var/lib/libvirt/images/a.img", disk.image().source());
        assertEquals(BlockOptions.Format.RAW, disk.image().format());
        assertFalse(disk.image().unmap(), "QEMU ignores discards unless told otherwise");
        assertTrue(disk.address() instanceof DiskAddress.Virtio);
        Boot.Firmware boot = (Boot.Firmware) machine.boot();
        assertEquals(new FirmwareSource.SeaBios(), boot.source());
        assertEquals(
                UUID.fromString("b9ff9f0d-b437-4e81-89d5-3a893191efe7"),
                boot.identity().uuid());
        assertEquals("c", boot.options().order());
        assertTrue(boot.options().strict());
        String warning = domain.warning().orElseThrow();
        assertTrue(warning.contains("does without the devices interface, channel, memballoon, rng, and"), warning);
        assertTrue(
                warning.contains("mean nothing here: metadata, os/type machine=, clock/timer, pm, emulator,"), warning);
    }

    @Test
    void scsiDisksAreWhereLibvirtPutsThem() {
        MachineConfig machine = plan(parse("headless-scsi.xml"));
        assertEquals(1, machine.controllers().size());
        assertEquals(at(0, 0, 0), planned(machine, "sda").address());
        DiskConfig second = planned(machine, "sdb");
        assertEquals(at(0, 0, 1), second.address());
        assertEquals("DATA1", second.serial());
        assertEquals(BlockOptions.Format.QCOW2, second.image().format());
        assertEquals(BlockOptions.Cache.NONE, second.image().cache());
        assertTrue(second.image().unmap());
    }

    @Test
    void theEighthDiskBringsAControllerAsInLibvirt() {
        MachineConfig machine = plan(parse("nine-scsi-disks.xml"));
        assertEquals(2, machine.controllers().size());
        assertEquals(at(0, 0, 6), planned(machine, "sdg").address());
        assertEquals(at(1, 0, 0), planned(machine, "sdh").address());
        assertEquals(at(1, 0, 1), planned(machine, "sdi").address());
    }

    @Test
    void queuesThreadsNamesAndAddressesAreKept() {
        MachineConfig machine = plan(parse("i440fx.xml"));
        assertEquals(2, machine.cpus(), "as many as it starts with");
        assertEquals(2, machine.iothreads());
        DiskConfig disk = planned(machine, "vda");
        assertEquals(BlockOptions.Aio.THREADS, disk.image().aio());
        assertEquals(2, ((DiskAddress.Virtio) disk.address()).virtio().queues());
        assertEquals(List.of(1), ((DiskAddress.Virtio) disk.address()).virtio().iothreads());
        DiskConfig unit = planned(machine, "sda");
        assertEquals(at(0, 3, 0), unit.address());
        assertEquals(Optional.of(WorldWideName.naa(0x5000c50015ea71acL)), unit.wwn());
        assertEquals("B", unit.serial());
        assertTrue(unit.image().shareable());
        assertEquals(4, machine.controllers().getFirst().virtio().queues());
        assertEquals(List.of(2), machine.controllers().getFirst().virtio().iothreads());
    }

    @Test
    void aKernelIsStartedWithoutFirmware() {
        Boot boot = parse("boot-kernel.xml").request().boot();
        assertEquals(
                new Boot.Kernel(
                        Path.of("/boot/vmlinuz"), Optional.of(Path.of("/boot/initrd.img")), "console=ttyS0 quiet"),
                boot);
    }

    @Test
    void uefiKeepsTheVariablesOfTheMachine() {
        Boot.Firmware boot = (Boot.Firmware) parse("uefi.xml").request().boot();
        assertEquals(new FirmwareSource.Ovmf(Optional.of(StateFolder.variables("uefi"))), boot.source());
    }

    @Test
    void firmwareOfTheUsersKeepsItsVariablesWhereHeSays() {
        String os = "<os><type>hvm</type><loader readonly='yes' type='pflash'>/usr/CODE.fd</loader>"
                + "<nvram template='/usr/VARS.fd'>/var/nvram</nvram></os>";
        Boot.Firmware boot = (Boot.Firmware) parseText(domain("").replace("<os><type>hvm</type></os>", os))
                .request()
                .boot();
        assertEquals(
                new FirmwareSource.Image(Path.of("/usr/CODE.fd"), Optional.of(Path.of("/var/nvram"))), boot.source());
    }

    @Test
    void aDiskWithABootOrderIsTheOneThatFirmwareStarts() {
        MachineRequest request = parse("cdrom-import.xml").request();
        assertEquals(OptionalInt.of(1), request.disks().getFirst().bootIndex());
        assertEquals(Kind.CDROM, request.disks().get(1).kind());
        Boot.Firmware boot = (Boot.Firmware) request.boot();
        assertEquals("", boot.options().order());
        assertTrue(boot.options().strict());
    }

    @Test
    void limitsPoliciesBlockSizesEventsAndTheMachinesMakerAreKept() {
        MachineConfig machine = plan(parse("tuned.xml"));
        assertFalse(machine.rebootOnReset());
        DiskConfig disk = planned(machine, "vda");
        assertTrue(disk.image().readOnly());
        assertEquals(4096, disk.logicalBlockSize());
        assertEquals(Rate.of(10 << 20), disk.policy().limits().limits().readBytes());
        assertEquals(Rate.of(1000), disk.policy().limits().limits().totalIops());
        assertEquals(new ErrorPolicy(Action.STOP, Action.STOP), disk.policy().errors());
        Boot.Firmware boot = (Boot.Firmware) machine.boot();
        assertEquals("Example", boot.identity().manufacturer());
        assertEquals("0815", boot.identity().serial());
    }

    @Test
    void anErrorPolicyForSpaceIsForWritesAlone() {
        DiskConfig disk = plan(parseText(domain(disk("vda", "<driver error_policy='enospace'/>"))))
                .disks()
                .getFirst();
        assertEquals(ErrorPolicy.DEFAULT, disk.policy().errors());
    }

    @Test
    void aSharedImageOnTwoControllersIsOneDiskWithTwoPaths() {
        MachineConfig machine = plan(parse("multipath.xml"));
        assertEquals(1, machine.disks().size());
        DiskAddress.Scsi address = (DiskAddress.Scsi) machine.disks().getFirst().address();
        assertEquals(
                List.of(0, 1),
                address.places().stream().map(LunRange::controller).toList());
    }

    @Test
    void anNbdServersExportIsADisk() {
        assertEquals(
                "nbd://localhost:10809/disk0",
                plan(parse("nbd.xml")).disks().getFirst().image().source());
        String local = "<disk type='network'><source protocol='nbd' name='a b/c'>"
                + "<host transport='unix' socket='/run/n&amp;b'/></source><target dev='vda'/></disk>";
        assertEquals(
                "nbd+unix:///a%20b%2Fc?socket=%2Frun%2Fn%26b",
                parseText(domain(local)).request().disks().getFirst().image().source());
    }

    @Test
    void theSerialPortLeadsWhereItIsSaid() {
        assertEquals(
                new SerialConfig.ToFile(Path.of("/var/log/serial.log")),
                parse("serial-file.xml").request().serial());
        assertEquals(
                new SerialConfig.UnixSocket(Path.of("/run/serial.sock")),
                parse("serial-unix.xml").request().serial());
        assertEquals(
                new SerialConfig.Stdio(),
                parseText(domain("<console type='stdio'/>")).request().serial());
        assertEquals(new SerialConfig.None(), parseText(domain("")).request().serial());
        refused(domain("<serial type='tcp'/>"), "line 3: <serial> has type='tcp'", "pty, stdio, file, unix or null");
    }

    @Test
    void consolesOfOtherKindsAndMorePortsAreMissing() {
        DomainXml.Parsed domain =
                parseText(domain("<serial type='stdio'/><serial type='pty'><target port='1'/></serial>"
                        + "<console type='pty'><target type='virtio' port='1'/></console>"));
        assertEquals(new SerialConfig.Stdio(), domain.request().serial());
        assertEquals(Optional.of("Of test.xml, the guest does without the devices serial, console."), domain.warning());
    }

    /** The paper's first table: the disk as it was. */
    @Test
    void table1sOriginalIsTheHostsDiskBehindAController() {
        String table = """
                <disk type='block' device='disk'>
                  <driver name='qemu' type='raw'/>
                  <source dev='/dev/sda'/>
                  <target dev='sda' bus='scsi'/>
                  <address type='drive'
                    controller='0' bus='0'
                    target='3' unit='0'/>
                </disk>
                """;
        DomainXml.Parsed domain = parseText(domain(table));
        assertEquals(Optional.empty(), domain.warning());
        DiskConfig disk = plan(domain).disks().getFirst();
        assertEquals("/dev/sda", disk.image().source());
        assertEquals(at(0, 3, 0), disk.address());
        refused(
                domain(table.replace("device='disk'", "device='lun'")),
                "Disk sda",
                "passes no SCSI devices of the host through");
    }

    @ParameterizedTest
    @CsvSource({
        "524288, , 512",
        "524288, KiB, 512",
        "512, MiB, 512",
        "1, GiB, 1024",
        "1, GB, 954",
        "536870913, bytes, 513",
        "0x80000, k, 512"
    })
    void memoryHasUnitsAndIsRoundedUpToMebibytes(String number, String unit, long mebibytes) {
        String memory = "<memory" + (unit == null ? "" : " unit='" + unit + "'") + ">" + number + "</memory>";
        MachineRequest request = parseText(domain("").replace("<memory>1048576</memory>", memory))
                .request();
        assertEquals(mebibytes << 20, request.memoryBytes());
    }

    @Test
    void pciAddressesOfTheFirstBusAreKeptAndOthersAreLeftOpen() {
        DomainXml.Parsed domain = parseText(
                domain(disk("vda", "<address type='pci' domain='0x0000' bus='0x00' slot='0x05' function='0x1'/>")
                        + disk("vdb", "<address type='pci' bus='0' slot='5' function='0' multifunction='on'/>")
                        + disk("vdc", "<address type='pci' bus='0x04' slot='0x00' function='0x0'/>")));
        assertEquals(Optional.of("Of test.xml, these mean nothing here: disk/address."), domain.warning());
        assertEquals(
                List.of(new PciAddress(5, 1), new PciAddress(5, 0), new PciAddress(2, 0)),
                plan(domain).disks().stream()
                        .map(disk ->
                                ((DiskAddress.Virtio) disk.address()).virtio().address())
                        .toList());
    }

    @Test
    void whatWouldMakeAnotherMachineIsRefused() {
        refused(domain(disk("vda", "<encryption format='luks'/>")), "line 3: <encryption>", "does not decrypt");
        refused(domain(disk("vda", "<transient/>")), "<disk> is transient");
        refused(domain(disk("hda", "")), "<target> has no bus=", "bus='virtio' or bus='scsi'");
        refused(domain(disk("vda", "<driver type='vmdk'/>")), "type='vmdk'", "'qcow2' or 'raw'");
        refused(domain(disk("vda", "<driver cache='directsync'/>")), "cache='directsync'");
        refused(domain("<disk type='volume'><target dev='sda'/></disk>"), "type='volume'");
        refused(domain("<disk type='file' device='floppy'><target dev='sda'/></disk>"), "device='floppy'");
        refused(domain("<disk type='file'><target dev='sda'/></disk>"), "has no <source>");
        refused(
                domain("<disk type='network'><source protocol='rbd'/><target dev='sda'/></disk>"),
                "protocol='rbd'",
                "NBD");
        refused(domain("<controller type='scsi' model='lsilogic'/>"), "model='lsilogic'", "'virtio-scsi'");
        refused(domain("<hostdev mode='subsystem' type='scsi'/>"), "<hostdev> is storage");
        refused(domain("<filesystem/>"), "<filesystem> is storage");
        refused(domain("<launchSecurity type='sev'/>", ""), "<launchSecurity>");
        refused(domain("<on_poweroff>restart</on_poweroff>", ""), "<on_poweroff> is restart", "write destroy");
        refused(domain("").replace("kvm", "xen"), "type='xen'");
        refused(domain("").replace("<type>", "<type arch='aarch64'>"), "arch='aarch64'");
        refused(domain("").replace("<os>", "<os><loader secure='yes'/>"), "secure boot");
        refused(
                domain("")
                        .replace("<domain ", "<domain xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0' ")
                        .replace("<devices>", "<qemu:commandline/><devices>"),
                "<qemu:commandline> is for QEMU itself");
    }

    @Test
    void whatCannotBeIsRefusedWithItsLine() {
        refused(domain(disk("vda", "") + disk("vda", "")), "line 4: <target> has dev='vda', as another disk has");
        refused(domain("<disk type='file'><source file='a.img'/><target dev='sda'/></disk>"), "the whole path");
        refused(
                domain("").replace("<name>test</name>", "<name>a\nb</name>"),
                "<name> has the text a?b with line breaks");
        refused(
                domain(disk("vda", "<boot order='1'/>")).replace("<os>", "<os><boot dev='hd'/>"),
                "<boot> is beside the <boot> of a disk");
        refused(domain(disk("vda", "<alias name='../x'/>")), "<alias> has name='../x'", "letters, digits");
        refused(domain(disk("sda", "<wwn>5</wwn>")), "<wwn> has 5 in it", "16 hexadecimal digits");
        refused(domain(disk("sda", "<wwn>eui.0011223344556677</wwn>")), "has eui.0011223344556677 in it");
        refused(domain(disk("sda", "<address type='pci'/>")), "<address>", "type='drive'");
        refused(domain(disk("sda", "<address type='drive' bus='1'/>")), "bus=");
        refused(domain(disk("sda", "<boot order='first'/>")), "<boot> has order='first'", "no number");
        refused(
                domain(disk(
                        "sda", "<iotune><total_iops_sec>5</total_iops_sec><read_iops_sec>5</read_iops_sec></iotune>")),
                "<iotune> has limits that cannot be: total-iops-sec= and read-iops-sec=");
        refused(domain("<vcpu>2</vcpu><vcpu>3</vcpu>", ""), "<vcpu> is a second <vcpu>");
        refused(domain("").replace("1048576", "99999999999999999999"), "<memory> has 99999999999999999999");
        refused(domain("").replace("1048576", "9223372036854775807"), "<memory> is more than any machine can have");
        refused(domain("").replace("<name>test</name>", "<name>../etc</name>"), "../etc");
        refused(domain("").replace("<name>test</name>", ""), "has no <name>");
        refused("<network/>", "<network> is no <domain>");
    }

    @Test
    void aNameOfTheUsersComesFirst() {
        MachineRequest request = DomainXml.parse(
                        "test.xml", Descriptions.file("import-virtio.xml"), Optional.of("mine"))
                .request();
        assertEquals("mine", request.name());
        assertEquals(new SerialConfig.UnixSocket(ControlPath.console("mine")), request.serial());
        assertEquals(Optional.of(ControlPath.of("mine")), request.control());
    }

    @Test
    void drivesOfAnUnknownBusAreRefused() {
        contains(
                assertThrows(ConfigurationException.class, () -> parse("cdrom-sata.xml")),
                "cdrom-sata.xml, line 40: <target> has bus='sata', and this machine knows 'scsi' or 'virtio'");
        contains(assertThrows(ConfigurationException.class, () -> parse("graphics.xml")), "bus='ide'");
    }

    @Test
    void oneOfTheStepsOfAnInstallationHasToBeChosen() {
        contains(assertThrows(ConfigurationException.class, () -> parse("install-cdrom.xml")), "--print-xml 2");
        contains(assertThrows(ConfigurationException.class, () -> parse("install-kernel.xml")), "--print-xml 2");
    }

    @Test
    void whatNobodyKnowsIsNamed() {
        DomainXml.Parsed domain = parseText(
                domain("<dsik/>" + disk("vda", "<driver name='qemu' ats='on' detect_zeroes='unmap'/><frob a='b'/>")));
        assertEquals(
                Optional.of("Of test.xml, these mean nothing here: dsik, disk/driver ats=, disk/driver detect_zeroes=,"
                        + " disk/frob."),
                domain.warning());
    }
}
