package vmm.domain;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import vmm.machine.ConfigurationException;
import vmm.machine.MachineRequest.Bus;
import vmm.machine.MachineRequest.Disk;
import vmm.machine.NumberRange;

/** What {@code virsh attach-device} and {@code detach-device} take. */
class DiskXmlTest {
    private static DiskXml.Parsed parse(String xml) {
        return DiskXml.parse("device.xml", xml.getBytes(StandardCharsets.UTF_8));
    }

    private static Disk disk(String xml) {
        return ((DiskXml.Device.Disk) parse(xml).device()).request();
    }

    @Test
    void aDiskAloneLeavesOpenWhatItDoesNotSay() {
        Disk disk = disk(Descriptions.disk("sdb", ""));
        assertEquals(Optional.of("sdb"), disk.id());
        assertEquals(Bus.SCSI, disk.bus());
        assertEquals(OptionalInt.empty(), disk.controller());
        assertEquals(Optional.empty(), disk.luns());
    }

    @Test
    void aDiskKeepsItsAliasAndAddress() {
        Disk disk = disk(Descriptions.disk(
                "sdb", "<alias name='ua-data'/><address type='drive' controller='1' bus='0' target='2' unit='300'/>"));
        assertEquals(Optional.of("ua-data"), disk.id());
        assertEquals(OptionalInt.of(1), disk.controller());
        assertEquals(Optional.of(NumberRange.of(2)), disk.targets());
        assertEquals(Optional.of(NumberRange.of(300)), disk.luns());
    }

    @Test
    void aControllerAloneIsOneOfVirtio() {
        DiskXml.Parsed parsed = parse("<controller type='scsi' index='3' model='virtio-scsi'>"
                + "<driver queues='2' cmd_per_lun='8' ioeventfd='on'/><address type='pci' slot='0x09'/></controller>");
        DiskXml.Device.Controller controller = (DiskXml.Device.Controller) parsed.device();
        assertEquals(OptionalInt.of(3), controller.request().index());
        assertEquals(OptionalInt.of(2), controller.request().virtio().queues());
        assertEquals(OptionalInt.of(8), controller.request().cmdPerLun());
        assertEquals(OptionalInt.of(9), controller.request().virtio().place().slot());
        assertEquals(Optional.of("Of device.xml, these mean nothing here: driver ioeventfd=."), parsed.warning());
    }

    @Test
    void otherDevicesAreRefused() {
        Descriptions.contains(
                assertThrows(ConfigurationException.class, () -> parse("<interface type='network'/>")),
                "device.xml, line 1: <interface> is neither a <disk> nor a <controller>");
        Descriptions.contains(
                assertThrows(ConfigurationException.class, () -> parse("<controller type='usb'/>")), "type='scsi'");
    }
}
