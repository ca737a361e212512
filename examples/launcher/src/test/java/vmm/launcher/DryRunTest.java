package vmm.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What {@code vmm run --dry-run} shows of a machine. */
class DryRunTest {
    private static JsonNode json(String... options) {
        String[] args = new String[options.length + 1];
        System.arraycopy(options, 0, args, 0, options.length);
        args[options.length] = "--json";
        Vmm vmm = Vmm.plan(args);
        assertEquals(0, vmm.status(), vmm::err);
        return new JsonMapper().readTree(vmm.out());
    }

    @Test
    void aScsiDiskAndAVirtioDiskStandSideBySide() {
        Vmm vmm = Vmm.plan("pair", "--disk", "file=boot.img", "--disk", "file=data.img,bus=virtio");
        assertEquals(0, vmm.status(), vmm::err);
        assertTrue(vmm.out().contains("00:00.0  host bridge"), vmm::out);
        assertTrue(vmm.out().contains("00:01.3  power management"), vmm::out);
        assertTrue(vmm.out().contains("00:02.0  virtio-scsi  controller 0  transitional  1 request queue"), vmm::out);
        assertTrue(vmm.out().contains("00:03.0  virtio-blk   drive1  data.img"), vmm::out);
        assertTrue(vmm.out().contains("controller 0  target 0  lun 0  drive0  boot.img  serial drive0"), vmm::out);
    }

    @Test
    void automaticLunsGoAroundTheOnesThatWereGiven() {
        JsonNode disks = json("--disk", "file=a", "--disk", "file=b,lun=0", "--disk", "file=c")
                .get("disks");
        assertEquals(1, disks.get(0).get("lun").asInt());
        assertEquals(0, disks.get(1).get("lun").asInt());
        assertEquals(2, disks.get(2).get("lun").asInt());
    }

    @Test
    void aDriveIsReadOnlyAndMayBeEmpty() {
        Vmm vmm = Vmm.plan("--disk", "type=cdrom,file=a.iso", "--disk", "type=cdrom");
        assertEquals(0, vmm.status(), vmm::err);
        assertTrue(vmm.out().contains("drive0  CD-ROM drive  a.iso (read-only)  serial drive0"), vmm::out);
        assertTrue(vmm.out().contains("drive1  CD-ROM drive  (no disc) (read-only)  serial drive1"), vmm::out);
        assertEquals(
                "cdrom",
                json("--disk", "type=cdrom").get("disks").get(0).get("type").asString());
    }

    @Test
    void aDiskInMemoryNeedsNoKey() {
        JsonNode disks = json("--disk", "mem:64M,serial=RAM", "--disk", "file=null:4G,bus=virtio")
                .get("disks");
        assertEquals("mem:64M", disks.get(0).get("file").asString());
        assertEquals("null:4G", disks.get(1).get("file").asString());
    }

    @Test
    void disksOfAGroupShareTheLimitsThatOneOfThemHas() {
        String first = "file=a,group-name=g,read-bytes-sec=10M,read-bytes-sec-max=20M,total-iops-sec=500";
        JsonNode disks = json("--disk", first, "--disk", "file=b,group-name=g", "--disk", "file=c,werror=stop")
                .get("disks");
        JsonNode limits = disks.get(0).get("limits");
        assertEquals(500, limits.get("total-iops-sec").asInt());
        assertEquals(10 << 20, limits.get("read-bytes-sec").asInt());
        assertEquals(20 << 20, limits.get("read-bytes-sec-max").asInt());
        assertEquals(1, limits.get("read-bytes-sec-max-length").asInt());
        assertEquals("g", limits.get("group-name").asString());
        assertEquals(limits, disks.get(1).get("limits"));
        assertTrue(disks.get(2).get("limits").isEmpty());
        assertEquals("enospc", disks.get(0).get("werror").asString());
        assertEquals("stop", disks.get(2).get("werror").asString());
        assertEquals("report", disks.get(2).get("rerror").asString());
        Vmm listing = Vmm.plan("--disk", first);
        assertTrue(listing.out().contains("  read-bytes-sec=10485760  "), listing::out);
    }

    @Test
    void eachTargetCountsItsOwnLuns() {
        JsonNode disks = json("--disk", "file=a", "--disk", "file=b,target=7").get("disks");
        assertEquals(0, disks.get(1).get("lun").asInt());
        assertEquals(7, disks.get(1).get("target").asInt());
    }

    @Test
    void automaticSlotsGoAroundTheOnesThatWereGiven() {
        JsonNode disks = json("--disk", "file=a,bus=virtio", "--disk", "file=b,bus=virtio,slot=2")
                .get("disks");
        assertEquals(3, disks.get(0).get("slot").asInt());
        assertEquals(2, disks.get(1).get("slot").asInt());
    }

    @Test
    void devicesShareASlotAsItsFunctions() {
        JsonNode machine = json(
                "--disk",
                "file=a,bus=virtio,slot=9",
                "--disk",
                "file=b,bus=virtio,slot=9,function=7",
                "--disk",
                "file=c");
        JsonNode disks = machine.get("disks");
        assertEquals(9, disks.get(1).get("slot").asInt());
        assertEquals(7, disks.get(1).get("function").asInt());
        assertEquals(2, machine.get("controllers").get(0).get("slot").asInt());
    }

    @Test
    void theFirstScsiDiskBringsControllerZeroWithAQueuePerProcessor() {
        JsonNode controllers = json("--cpus", "4", "--disk", "file=a").get("controllers");
        assertEquals(1, controllers.size());
        assertEquals(0, controllers.get(0).get("index").asInt());
        assertEquals(4, controllers.get(0).get("queues").asInt());
    }

    @Test
    void aMachineWithoutScsiDisksHasNoController() {
        assertTrue(json("--disk", "file=a,bus=virtio").get("controllers").isEmpty());
    }

    @Test
    void controllersTakeTheFirstFreeIndex() {
        JsonNode controllers = json("--controller", "scsi", "--controller", "scsi,index=0,queues=3")
                .get("controllers");
        assertEquals(0, controllers.get(0).get("index").asInt());
        assertEquals(3, controllers.get(0).get("queues").asInt());
        assertEquals(1, controllers.get(1).get("index").asInt());
    }

    @Test
    void everythingThatWasSaidOfADiskIsKept() {
        JsonNode disk = json(
                        "--disk",
                        "file=a,,b,readonly,serial=S1,wwn=0x5000c50015ea71ac,vendor=ACME,product=ROADRUNNER,"
                                + "logical-block=4096,physical-block=8192,id=root")
                .get("disks")
                .get(0);
        assertEquals("a,b", disk.get("file").asString());
        assertTrue(disk.get("readonly").asBoolean());
        assertEquals("S1", disk.get("serial").asString());
        assertEquals("naa.5000c50015ea71ac", disk.get("wwn").asString());
        assertEquals("ACME", disk.get("vendor").asString());
        assertEquals("ROADRUNNER", disk.get("product").asString());
        assertEquals(4096, disk.get("logicalBlock").asInt());
        assertEquals(8192, disk.get("physicalBlock").asInt());
        assertEquals("root", disk.get("id").asString());
    }

    @Test
    void memoryWithoutAUnitCountsMebibytes() {
        assertEquals(256L << 20, json("--memory", "256").get("memoryBytes").asLong());
        assertEquals(1L << 30, json("--memory", "1GiB").get("memoryBytes").asLong());
    }

    @Test
    void aResetStartsTheMachineAgainUnlessToldOtherwise() {
        assertTrue(json().get("rebootOnReset").asBoolean());
        assertFalse(json("--no-reboot").get("rebootOnReset").asBoolean());
    }

    @Test
    void theMachineIsNamedAfterTheProcessIfItHasNoName() {
        assertEquals("vmm-" + ProcessHandle.current().pid(), json().get("name").asString());
        assertEquals("box", json("box").get("name").asString());
    }

    @Test
    void eachDeviceHasTheTransportItWasGivenAndOthersTheOneOfTheMachine() {
        String[] options = {
            "--disk", "file=a,bus=virtio,virtio=legacy",
            "--disk", "file=b,bus=virtio",
            "--controller", "scsi,virtio=transitional",
            "--controller", "scsi"
        };
        JsonNode usual = json(options);
        assertEquals("legacy", usual.get("disks").get(0).get("virtio").asString());
        assertEquals("transitional", usual.get("disks").get(1).get("virtio").asString());
        assertEquals(
                "transitional", usual.get("controllers").get(1).get("virtio").asString());
        String[] more = Arrays.copyOf(options, options.length + 2);
        more[options.length] = "--virtio";
        more[options.length + 1] = "modern";
        JsonNode modern = json(more);
        assertEquals("legacy", modern.get("disks").get(0).get("virtio").asString());
        assertEquals("modern", modern.get("disks").get(1).get("virtio").asString());
        assertEquals(
                "transitional", modern.get("controllers").get(0).get("virtio").asString());
        assertEquals("modern", modern.get("controllers").get(1).get("virtio").asString());
    }

    @Test
    void queuesAreServedByTheIoThreadsThatTheUserNames() {
        JsonNode machine = json(
                "--cpus",
                "4",
                "--iothreads",
                "2",
                "--disk",
                "file=a,bus=virtio,iothreads=1+2",
                "--controller",
                "scsi,queues=2,iothreads=2");
        assertEquals(2, machine.get("iothreads").asInt());
        JsonNode disk = machine.get("disks").get(0);
        assertEquals(4, disk.get("queues").asInt());
        assertEquals("[1,2]", disk.get("iothreads").toString());
        assertEquals("[2]", machine.get("controllers").get(0).get("iothreads").toString());
    }

    @Test
    void aControllerSaysWhatItsDriverShouldNotExceed() {
        String[] options = {
            "--controller",
            "scsi,slot=5,function=0,virtqueue_size=128,cmd-per-lun=7,max-sectors=1024,seg-max=30",
            "--controller",
            "scsi,slot=5,function=1"
        };
        JsonNode controllers = json(options).get("controllers");
        assertEquals(128, controllers.get(0).get("virtqueueSize").asInt());
        assertEquals(7, controllers.get(0).get("cmdPerLun").asInt());
        assertEquals(1024, controllers.get(0).get("maxSectors").asInt());
        assertEquals(30, controllers.get(0).get("segMax").asInt());
        assertEquals(1, controllers.get(1).get("function").asInt());
        assertEquals(256, controllers.get(1).get("virtqueueSize").asInt());
        assertEquals(254, controllers.get(1).get("segMax").asInt());
        String shown = Vmm.plan(options).out();
        assertTrue(shown.contains("1 request queue of 128  cmd-per-lun 7  max-sectors 1024  seg-max 30"), () -> shown);
    }

    @Test
    void aShareableImageOnTwoControllersIsOneLogicalUnit() {
        String[] options = {
            "--controller", "scsi",
            "--controller", "scsi,index=1",
            "--disk", "file=a,id=both,shareable",
            "--disk", "file=b,controller=1,lun=0",
            "--disk", "file=a,shareable,controller=1"
        };
        JsonNode disks = json(options).get("disks");
        assertEquals(2, disks.size());
        assertEquals("both", disks.get(0).get("id").asString());
        assertTrue(disks.get(0).get("shareable").asBoolean());
        JsonNode places = disks.get(0).get("places");
        assertEquals(2, places.size());
        assertEquals(1, places.get(1).get("controller").asInt());
        assertEquals(1, places.get(1).get("lun").asInt());
        String shown = Vmm.plan(options).out();
        assertTrue(shown.contains("controller 0  target 0  lun 0  both  a (shareable)"), () -> shown);
        assertTrue(shown.contains("controller 1  target 0  lun 1  both  a (shareable)"), () -> shown);
    }

    @Test
    void aRangeIsAsManyDisksOfNothing() {
        String[] options = {"--disk", "null:1G,target=0-63,lun=0-15624,id=many", "--disk", "null:1G,target=64-255"};
        String shown = Vmm.plan(options).out();
        assertTrue(shown.contains("controller 0  targets 0-63  luns 0-15624  many  null:1G"), () -> shown);
        assertTrue(shown.contains("controller 0  targets 64-255  lun 0  drive1"), () -> shown);
        JsonNode place = json(options).get("disks").get(0).get("places").get(0);
        assertEquals(63, place.get("lastTarget").asInt());
        assertEquals(15624, place.get("lastLun").asInt());
    }

    @Test
    void aDiskCanSayThatItsMediumComesOut() {
        assertTrue(json("--disk", "file=a,removable,type=disk")
                .get("disks")
                .get(0)
                .get("removable")
                .asBoolean());
    }

    @Test
    void aControllerIsServedByTheIoThreadThatTheUserNames() {
        JsonNode controllers =
                json("--iothreads", "2", "--controller", "scsi,iothread=2").get("controllers");
        assertEquals("[2]", controllers.get(0).get("iothreads").toString());
    }

    private static JsonNode bootOrder(String... options) {
        String[] args = new String[options.length + 3];
        args[0] = "run";
        args[1] = "--dry-run";
        args[2] = "--json";
        System.arraycopy(options, 0, args, 3, options.length);
        Vmm vmm = Vmm.execute(args);
        assertEquals(0, vmm.status(), vmm::err);
        return new JsonMapper().readTree(vmm.out()).get("boot");
    }

    @Test
    void firmwareStartsAMachineWithoutAKernelFromTheFirstDisk() {
        JsonNode boot = bootOrder("--disk", "file=a", "--disk", "file=b,bus=virtio");
        assertEquals("seabios", boot.get("firmware").asString());
        assertEquals("[\"drive0\",\"drive1\"]", boot.get("order").toString());
        Vmm vmm = Vmm.execute("run", "--dry-run", "--firmware", "my.rom", "--disk", "file=a");
        assertTrue(vmm.out().contains("firmware my.rom"), vmm::out);
        assertTrue(vmm.out().contains("boot     drive0"), vmm::out);
    }

    @Test
    void disksWithAnIndexComeFirstThenDisksThenDrivesAndRangesNever() {
        String[] disks = {
            "--disk", "type=cdrom,file=a.iso",
            "--disk", "file=b",
            "--disk", "file=c,bootindex=7",
            "--disk", "file=d,bus=virtio,boot=2",
            "--disk", "null:1M,target=1-9,lun=0-9"
        };
        assertEquals(
                "[\"drive3\",\"drive2\",\"drive1\",\"drive0\"]",
                bootOrder(disks).get("order").toString());
        String[] reversed = Arrays.copyOf(disks, disks.length + 2);
        reversed[disks.length] = "--boot";
        reversed[disks.length + 1] = "dc";
        assertEquals(
                "[\"drive3\",\"drive2\",\"drive0\",\"drive1\"]",
                bootOrder(reversed).get("order").toString());
        reversed[disks.length + 1] = "order=d,strict=on,menu=on";
        assertEquals(
                "[\"drive3\",\"drive2\",\"drive0\"]",
                bootOrder(reversed).get("order").toString());
    }

    @Test
    void uefiFirmwareKeepsItsVariablesWhereTheUserWantsOrByTheMachinesName() {
        assertTrue(firmwareLines("web", "--firmware", "ovmf").endsWith("/vmm/web/ovmf-vars.fd"));
        assertEquals(
                "firmware ovmf|vars     v.fd", firmwareLines("web", "--firmware", "ovmf", "--firmware-vars", "v.fd"));
        assertEquals(
                "firmware OVMF.fd|vars     v.fd",
                firmwareLines("web", "--firmware", "OVMF.fd", "--firmware-vars", "v.fd"));
        assertEquals("firmware OVMF.fd", firmwareLines("web", "--firmware", "OVMF.fd"));
        assertEquals("firmware ovmf", firmwareLines("--firmware", "ovmf"));
    }

    private static String firmwareLines(String... options) {
        List<String> args = new ArrayList<>(List.of("run", "--dry-run", "--disk", "file=a"));
        args.addAll(List.of(options));
        return Vmm.execute(args.toArray(String[]::new))
                .out()
                .lines()
                .filter(line -> line.startsWith("firmware") || line.startsWith("vars"))
                .collect(Collectors.joining("|"));
    }

    /** The forms that SeaBIOS and OVMF look for, every number in hexadecimal. */
    @Test
    void firmwareIsToldAPathForEveryPlaceOfADisk() {
        JsonNode boot = bootOrder(
                "--controller", "scsi,slot=4",
                "--controller", "scsi,slot=26,function=3",
                "--disk", "bus=virtio,file=a,slot=26",
                "--disk", "bus=virtio,file=b,slot=26,function=7",
                "--disk", "file=c,target=171,lun=300",
                "--disk", "file=d,shareable,boot=1",
                "--disk", "file=d,shareable,boot=1,controller=1,target=3,lun=5");
        assertEquals(
                List.of(
                        "/pci@i0cf8/scsi@4/channel@0/disk@0,0",
                        "/pci@i0cf8/scsi@1a,3/channel@0/disk@3,5",
                        "/pci@i0cf8/scsi@1a/disk@0,0",
                        "/pci@i0cf8/scsi@1a,7/disk@0,0",
                        "/pci@i0cf8/scsi@4/channel@0/disk@ab,12c"),
                boot.get("paths").valueStream().map(JsonNode::asString).toList());
    }
}
