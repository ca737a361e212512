package vmm.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import vmm.block.BlockOptions;
import vmm.linux.HostException;
import vmm.machine.MachineRequest.Controller;

/** Devices that come to a running machine and go again, with a guest that has no drivers. */
@Timeout(60)
class HotPlugTest {
    @TempDir
    private Path folder;

    private SlotsGuest guest;
    private RunningMachine machine;

    @BeforeEach
    void start() throws IOException, InterruptedException {
        guest = SlotsGuest.start(folder, SlotsGuest.unit("drive0"), SlotsGuest.blk("drive1", 3, 0));
        machine = guest.machine;
    }

    @AfterEach
    void stop() throws IOException, InterruptedException {
        if (guest != null) {
            guest.stop();
        }
    }

    private static Controller controller(MachineRequest.Virtio virtio) {
        Controller any = Controller.ANY;
        return new Controller(
                OptionalInt.empty(), virtio, any.queueSize(), any.cmdPerLun(), any.maxSectors(), any.segMax());
    }

    private static void refused(RefusedException.Kind kind, String sentence, Runnable action) {
        RefusedException refusal = assertThrows(RefusedException.class, action::run);
        assertEquals(sentence, refusal.getMessage());
        assertEquals(kind, refusal.kind());
    }

    private List<String> disks() {
        return machine.config().disks().stream().map(DiskConfig::id).toList();
    }

    private List<String> nodes() {
        return machine.nodes().stream().map(NodeConfig::name).toList();
    }

    @Test
    void aLogicalUnitComesAndGoesAndItsNodeIsFreeAgain() throws Exception {
        machine.plug(SlotsGuest.unit("lun"), guest.node("n0"));
        assertEquals(List.of("drive0", "drive1", "lun"), disks());
        DiskAddress.Scsi address =
                (DiskAddress.Scsi) machine.config().disk("lun").orElseThrow().address();
        assertEquals(NumberRange.of(1), address.places().getFirst().luns(), "the first free one");

        refused(RefusedException.Kind.IN_USE, "Node n0 is in use", () -> machine.removeNode("n0"));
        machine.unplug("lun");
        guest.awaitDeleted("lun");
        assertEquals(List.of("drive0", "drive1"), disks());
        machine.removeNode("n0");
        assertEquals(List.of("drive0", "drive1"), nodes());
    }

    @Test
    void aDiskOfTheCommandLineIsADeviceAndANodeOfItsName() throws Exception {
        assertEquals(List.of("drive0", "drive1"), nodes());
        machine.unplug("drive0");
        guest.awaitDeleted("drive0");
        machine.removeNode("drive0");
        assertEquals(List.of("drive1"), nodes());
    }

    @Test
    void theGuestIsToldOfAFunctionAndLetsGoOfIt() throws Exception {
        machine.plug(SlotsGuest.blk("blk"), guest.node("n0"));
        guest.hear('I');
        assertEquals(List.of("2.0", "3.0", "4.0"), guest.functions());

        machine.unplug("blk");
        guest.hear('E');
        guest.awaitDeleted("blk");
        assertEquals(List.of("2.0", "3.0"), guest.functions());
        machine.removeNode("n0");
        machine.plug(SlotsGuest.blk("blk"), guest.node("n0"));
        guest.hear('I');
    }

    @Test
    void aSlotIsShownWhenItsFunctionZeroComesAndGoesAsAWhole() throws Exception {
        for (int function = 7; function >= 0; function--) {
            machine.plug(SlotsGuest.blk("f" + function, 9, function), guest.node("n" + function));
        }
        guest.hear('I');
        refused(
                RefusedException.Kind.TAKEN,
                "PCI: slot 9 function 3 not available for virtio-scsi-pci, in use by virtio-blk-pci,id=f3",
                () -> machine.plug(controller(SlotsGuest.at(9, 3)), "late"));

        machine.unplug("f5");
        guest.hear('E');
        for (int function = 0; function < 8; function++) {
            guest.awaitDeleted("f" + function);
        }
        assertEquals(List.of("2.0", "3.0"), guest.functions());
        assertEquals(List.of("drive0", "drive1"), disks());
    }

    @Test
    void aFunctionThatTheGuestWouldNotFindIsRefused() {
        machine.plug(SlotsGuest.blk("first", 9, 0), guest.node("n0"));
        guest.node("n1");
        refused(
                RefusedException.Kind.TAKEN,
                "PCI: slot 9 function 0 already occupied by virtio-blk-pci, new func virtio-blk-pci cannot be exposed"
                        + " to guest.",
                () -> machine.plug(SlotsGuest.blk("second", 9, 1), "n1"));
        machine.removeNode("n1");
    }

    @Test
    void whatTheGuestHasNotBeenShownGoesAtOnce() throws Exception {
        guest.tell('i');
        machine.plug(SlotsGuest.blk("f3", 9, 3), guest.node("n0"));
        machine.unplug("f3");
        guest.awaitDeleted("f3");
        assertEquals(List.of("2.0", "3.0"), guest.functions());
    }

    @Test
    void aControllerTakesItsLogicalUnitsAlong() throws Exception {
        machine.plug(controller(MachineRequest.Virtio.ANY), "scsi9");
        guest.hear('I');
        int index = machine.config().controller("scsi9").orElseThrow().index();
        assertEquals(1, index);
        MachineRequest.Disk unit = behind(SlotsGuest.unit("lun"), index);
        machine.plug(unit, guest.node("n0"));

        machine.unplug("scsi9");
        guest.awaitDeleted("lun");
        guest.awaitDeleted("scsi9");
        assertEquals(List.of("drive0", "drive1"), disks());
        machine.removeNode("n0");
        refused(
                RefusedException.Kind.NOT_FOUND,
                "There is no SCSI controller 1.",
                () -> machine.plug(unit, guest.node("n1")));
    }

    private static MachineRequest.Disk behind(MachineRequest.Disk disk, int controller) {
        return new MachineRequest.Disk(
                disk.id(),
                disk.kind(),
                disk.image(),
                disk.serial(),
                disk.wwn(),
                disk.vendor(),
                disk.product(),
                disk.logicalBlockSize(),
                disk.physicalBlockSize(),
                disk.removable(),
                disk.bootIndex(),
                disk.bus(),
                OptionalInt.of(controller),
                disk.targets(),
                disk.luns(),
                disk.virtio(),
                disk.policy());
    }

    @Test
    void aLogicalUnitBehindTwoControllersOutlivesOneOfThem() throws Exception {
        guest.stop();
        BlockOptions shared = new BlockOptions(
                "mem:1M",
                false,
                BlockOptions.Format.RAW,
                BlockOptions.Cache.WRITEBACK,
                BlockOptions.Aio.AUTO,
                true,
                true);
        MachineRequest.Disk first = SlotsGuest.unit("both").withImage(shared, DiskPolicy.DEFAULT);
        guest = SlotsGuest.start(
                folder,
                List.of(Controller.ANY, Controller.ANY),
                first,
                behind(first, 1).withImage(shared, DiskPolicy.DEFAULT));
        machine = guest.machine;
        machine.unplug("scsi0");
        guest.awaitDeleted("scsi0");
        DiskAddress.Scsi left =
                (DiskAddress.Scsi) machine.config().disk("both").orElseThrow().address();
        assertEquals(
                List.of(1), left.places().stream().map(LunRange::controller).toList());
        assertEquals(
                List.of("scsi1"), machine.virtio().stream().map(VirtioInfo::id).toList());
        assertTrue(machine.counters("both").isPresent());
        machine.unplug("scsi1");
        guest.awaitDeleted("both");
        assertTrue(machine.counters("both").isEmpty());
    }

    @Test
    void whatIsThereFromTheBeginningCanGoToo() throws Exception {
        machine.unplug("scsi0");
        guest.awaitDeleted("drive0");
        guest.awaitDeleted("scsi0");
        machine.unplug("drive1");
        guest.awaitDeleted("drive1");
        assertEquals(List.of(), guest.functions());
    }

    @Test
    void aRefusalOfTheGuestsIsToldAndTheDeviceStays() throws Exception {
        guest.tell('n');
        machine.unplug("drive1");
        guest.hear('R');
        guest.await(new MachineEvent.OstReported(3, 3, 0x81));
        guest.await(new MachineEvent.UnplugRefused("drive1"));
        assertEquals(List.of("drive0", "drive1"), disks());

        guest.tell('y');
        machine.unplug("drive1");
        guest.awaitDeleted("drive1");
    }

    @Test
    void aSecondRequestIsRefusedWhileTheFirstWaits() throws Exception {
        guest.tell('i');
        machine.unplug("drive1");
        refused(
                RefusedException.Kind.IN_USE,
                "Device drive1 is already in the process of unplug",
                () -> machine.unplug("drive1"));
        assertEquals(List.of("2.0", "3.0"), guest.functions());
        guest.tell('y');
        guest.awaitDeleted("drive1");
    }

    @Test
    void aResetKeepsWhatWasPluggedAndEndsWhatIsToGo() throws Exception {
        machine.plug(SlotsGuest.blk("blk", 7, 0), guest.node("n0"));
        machine.plug(SlotsGuest.unit("lun"), guest.node("n1"));
        guest.hear('I');
        guest.tell('i');
        machine.unplug("drive1");
        guest.tell('r');
        guest.hear('B');

        guest.awaitDeleted("drive1");
        assertEquals(List.of("2.0", "7.0"), guest.functions());
        assertEquals(List.of("drive0", "blk", "lun"), disks());
        machine.unplug("blk");
        guest.awaitDeleted("blk");
    }

    @Test
    void whatCannotBeIsRefusedInOneSentence() throws IOException {
        guest.node("n0");
        refused(
                RefusedException.Kind.TAKEN,
                "Duplicate device ID 'drive1'",
                () -> machine.plug(SlotsGuest.unit("drive1"), "n0"));
        refused(
                RefusedException.Kind.NOT_FOUND,
                "Failed to find node with node-name='n9'",
                () -> machine.plug(SlotsGuest.unit("d"), "n9"));
        refused(
                RefusedException.Kind.IN_USE,
                "Node drive1 is in use by device drive1",
                () -> machine.plug(SlotsGuest.unit("d"), "drive1"));
        refused(RefusedException.Kind.NOT_FOUND, "Device 'nobody' not found", () -> machine.unplug("nobody"));
        refused(RefusedException.Kind.TAKEN, "Duplicate nodes with node-name='drive1'", () -> guest.node("drive1"));
        assertThrows(RefusedException.class, () -> machine.plug(SlotsGuest.blk("d", 1, 0), "n0"), "the chipset's");
        assertThrows(RefusedException.class, () -> machine.plug(SlotsGuest.blk("d", 32, 0), "n0"));
        assertThrows(
                HostException.class,
                () -> machine.addNode(new NodeConfig(
                        "n1", BlockOptions.of(folder.resolve("nothing").toString(), false), DiskPolicy.DEFAULT)));
        assertEquals(List.of("drive0", "drive1", "n0"), nodes());
        assertEquals(List.of("drive0", "drive1"), disks());
    }

    @Test
    void theBusIsFullWhenEachSlotHasADevice() {
        for (int i = 4; i < 32; i++) {
            machine.plug(SlotsGuest.blk("blk" + i), guest.node("n" + i));
        }
        guest.node("one-more");
        refused(
                RefusedException.Kind.TAKEN,
                "PCI: no slot/function available for virtio-blk-pci, all in use or reserved",
                () -> machine.plug(SlotsGuest.blk("blk32"), "one-more"));
    }

    @Test
    void anImageChangesItsSizeAndIsFreeWhenItsNodeIsGone() throws Exception {
        Path image = Files.write(folder.resolve("image"), new byte[1 << 20]);
        NodeConfig node = new NodeConfig("n0", BlockOptions.of(image.toString(), false), DiskPolicy.DEFAULT);
        machine.addNode(node);
        machine.plug(SlotsGuest.unit("lun"), "n0");
        machine.resize("n0", 2 << 20);
        assertEquals(2 << 20, Files.size(image));
        machine.resize("n0", 1 << 20);
        assertEquals(1 << 20, Files.size(image), "QEMU shrinks, too");
        assertThrows(HostException.class, () -> machine.addNode(new NodeConfig("n1", node.image(), node.policy())));

        machine.unplug("lun");
        machine.removeNode("n0");
        machine.addNode(new NodeConfig("n1", node.image(), node.policy()));
    }

    @Test
    void aMachineThatIsPausedStaysSoOverAReset() throws Exception {
        machine.pause();
        assertEquals(RunState.PAUSED, machine.state());
        machine.reset();
        guest.await(new MachineEvent.Reset(false, "host-qmp-system-reset"));
        machine.resume();
        guest.hear('B');
        assertEquals(RunState.RUNNING, machine.state());
    }

    @Test
    void aDiscIsChangedWhileTheTrayIsOpen() throws Exception {
        MachineRequest.Disk disk = SlotsGuest.unit("cd");
        MachineRequest.Disk drive = new MachineRequest.Disk(
                disk.id(),
                MachineRequest.Kind.CDROM,
                disk.image(),
                disk.serial(),
                disk.wwn(),
                disk.vendor(),
                disk.product(),
                disk.logicalBlockSize(),
                disk.physicalBlockSize(),
                disk.removable(),
                disk.bootIndex(),
                disk.bus(),
                disk.controller(),
                disk.targets(),
                disk.luns(),
                disk.virtio(),
                disk.policy());
        machine.plug(drive, guest.node("disc1"));
        guest.node("disc2");
        refused(
                RefusedException.Kind.IN_USE,
                "Tray of device 'cd' is not open",
                () -> machine.changeMedium("cd", Optional.of("disc2")));
        machine.openTray("cd", false);
        guest.await(new MachineEvent.TrayMoved("cd", true));
        machine.changeMedium("cd", Optional.of("disc2"));
        machine.removeNode("disc1");
        machine.closeTray("cd");
        guest.await(new MachineEvent.TrayMoved("cd", false));
        refused(RefusedException.Kind.IN_USE, "Node disc2 is in use", () -> machine.removeNode("disc2"));
        machine.unplug("cd");
        machine.removeNode("disc2");
        refused(
                RefusedException.Kind.UNSUPPORTED,
                "Device 'drive1' does not have a tray",
                () -> machine.openTray("drive1", false));
    }

    @Test
    void threadsAndOpenFilesAreThoseOfTheStart() throws Exception {
        cycle(3);
        long threads = Thread.getAllStackTraces().size();
        long files = openFiles();
        cycle(20);
        assertEquals(files, openFiles());
        assertTrue(
                Thread.getAllStackTraces().size() <= threads,
                () -> Thread.getAllStackTraces().keySet().toString());
    }

    private void cycle(int times) throws Exception {
        for (int i = 0; i < times; i++) {
            machine.plug(SlotsGuest.unit("lun"), guest.node("n0"));
            machine.plug(SlotsGuest.blk("f1", 9, 1), guest.node("n1"));
            machine.plug(controller(SlotsGuest.at(9, 0)), "f0");
            machine.unplug("f0");
            machine.unplug("lun");
            guest.awaitDeleted("f1");
            machine.removeNode("n0");
            machine.removeNode("n1");
        }
    }

    private static long openFiles() throws IOException {
        try (var files = Files.list(Path.of("/proc/self/fd"))) {
            return files.count();
        }
    }
}
