package vmm.launcher;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** Whatever cannot be is refused before anything starts: one sentence with the culprit and the remedy, status 2. */
class BadInputTest {
    private static void refused(Vmm vmm, String... words) {
        assertAll(
                () -> assertEquals(2, vmm.status(), vmm::err),
                () -> assertEquals("", vmm.out()),
                () -> assertTrue(vmm.err().startsWith("vmm: "), vmm::err),
                () -> assertEquals(1, vmm.err().lines().count(), vmm::err));
        for (String word : words) {
            assertTrue(vmm.err().contains(word), () -> "no '" + word + "' in: " + vmm.err());
        }
    }

    @Test
    void memoryOfNothingIsTooLittle() {
        refused(Vmm.plan("--memory", "0"), "64 MiB", "0 bytes", "--memory");
    }

    @Test
    void memoryBelowTheLeastIsTooLittle() {
        refused(Vmm.plan("--memory", "63M"), "64 MiB", "63 MiB");
    }

    @Test
    void aTebibyteIsMoreThanTheHostHas() {
        refused(Vmm.plan("--memory", "1024T"), "This host has", "lower --memory");
    }

    @Test
    void lotsIsNoAmountOfMemory() {
        refused(Vmm.plan("--memory", "lots"), "--memory", "512M", "lots");
    }

    @Test
    void memoryBeyondAllNumbersIsRefused() {
        refused(Vmm.plan("--memory", "99999999999999999999G"), "--memory", "larger");
    }

    @Test
    void memoryOfHalfAMebibyteIsRefused() {
        refused(Vmm.plan("--memory", "65537K"), "whole MiB", "--memory 64M");
    }

    @Test
    void aMachineNeedsAProcessor() {
        refused(Vmm.plan("--cpus", "0"), "1 to 255", "--cpus");
    }

    @Test
    void moreProcessorsThanApicIdsAreRefused() {
        refused(Vmm.plan("--cpus", "256"), "1 to 255", "256");
    }

    @Test
    void processorsAreCounted() {
        refused(Vmm.plan("--cpus", "many"), "--cpus", "whole number", "many");
    }

    @Test
    void aMachineWithoutAKernelIsRefused() {
        refused(Vmm.execute("run", "--dry-run"), "--kernel FILE", "--disk file=PATH");
    }

    @Test
    void anUnknownDiskKeyIsNamedWithItsNearestMatch() {
        refused(Vmm.plan("--disk", "file=a,readonyl"), "readonyl", "did you mean readonly", "vmm run --help");
    }

    @Test
    void aDiskKeyThatResemblesNothingIsNamedWithTheKnownOnes() {
        refused(Vmm.plan("--disk", "file=a,zzzzzzzz=1"), "zzzzzzzz", "vmm run --help");
    }

    @Test
    void aDiskWithoutDataIsRefused() {
        refused(Vmm.plan("--disk", "bus=virtio"), "file=PATH");
    }

    @Test
    void aDiskKeyGivenTwiceIsRefused() {
        refused(Vmm.plan("--disk", "file=a,file=b"), "gives file twice");
    }

    @Test
    void choicesThatAreNoneAreRefusedWithThoseThatAre() {
        refused(Vmm.plan("--disk", "file=a.vmdk,format=vmdk"), "format takes qcow2 or raw, not vmdk");
        refused(Vmm.plan("--disk", "file=a,cache=unsafe"), "cache takes none or writeback or writethrough");
        refused(Vmm.plan("--disk", "file=a,aio=native"), "aio takes auto or io_uring or threads");
        refused(Vmm.plan("--disk", "file=a,discard=on"), "discard takes unmap or ignore");
    }

    @Test
    void aDiskOverTheNetworkIsRefused() {
        refused(Vmm.plan("--disk", "file=iscsi://host/disk"), "cannot be opened by iscsi:", "nbd://");
    }

    @Test
    void aBusThatDoesNotExistIsRefused() {
        refused(Vmm.plan("--disk", "file=a,bus=ide"), "scsi or virtio", "ide");
    }

    @Test
    void aSourceOfNoSizeIsRefused() {
        refused(Vmm.plan("--disk", "file=null:0"), "multiple of 512");
    }

    @Test
    void aTargetForAVirtioDiskIsRefused() {
        refused(Vmm.plan("--disk", "file=a,bus=virtio,target=1"), "target=", "bus=scsi");
    }

    @Test
    void aSlotForAScsiDiskIsRefused() {
        refused(Vmm.plan("--disk", "file=a,slot=5"), "slot=", "--controller");
    }

    @Test
    void twoDisksWithOneLunAreRefused() {
        refused(
                Vmm.plan("--disk", "file=a,lun=3", "--disk", "file=b,lun=3"),
                "drive0",
                "drive1",
                "LUN 3",
                "change the lun=");
    }

    @Test
    void twoFunctionsInOnePlaceAreRefused() {
        refused(
                Vmm.plan("--disk", "file=a,bus=virtio,slot=5", "--disk", "file=b,bus=virtio,slot=5,function=0"),
                "drive0",
                "drive1",
                "slot 5, function 0");
    }

    @Test
    void aControllerAndADiskInOnePlaceAreRefused() {
        refused(
                Vmm.plan("--controller", "scsi,slot=6", "--disk", "file=b,bus=virtio,slot=6"),
                "Disk drive0",
                "controller 0",
                "slot 6");
    }

    @Test
    void slot32IsRefused() {
        refused(Vmm.plan("--disk", "file=a,bus=virtio,slot=32"), "slot 32", "0 to 31");
    }

    @Test
    void function8IsRefused() {
        refused(Vmm.plan("--disk", "file=a,bus=virtio,slot=4,function=8"), "function 8", "0 to 7");
    }

    @Test
    void aSlotOfTheChipsetIsRefused() {
        refused(Vmm.plan("--disk", "file=a,bus=virtio,slot=1"), "slot 1", "chipset", "2 to 31");
    }

    @Test
    void aFunctionWithoutASlotIsRefused() {
        refused(Vmm.plan("--disk", "file=a,bus=virtio,function=1"), "function=1", "add slot=");
    }

    @Test
    void aFunctionThatNoGuestWouldFindIsRefused() {
        refused(Vmm.plan("--disk", "file=a,bus=virtio,slot=4,function=2"), "slot 4", "no function 0");
    }

    @Test
    void target256IsRefused() {
        refused(Vmm.plan("--disk", "file=a,target=256"), "target 256", "0 to 255");
    }

    @Test
    void lun16384IsRefused() {
        refused(Vmm.plan("--disk", "file=a,lun=16384"), "LUN 16384", "0 to 16383");
    }

    @Test
    void aNegativeLunIsRefused() {
        refused(Vmm.plan("--disk", "file=a,lun=-1"), "LUN -1", "0 to 16383");
    }

    @Test
    void aControllerThatDoesNotExistIsRefused() {
        refused(Vmm.plan("--disk", "file=a,controller=2"), "controller 2", "--controller scsi,index=2");
    }

    @Test
    void aControllerOfAnotherKindIsRefused() {
        refused(Vmm.plan("--controller", "ide,index=0"), "--controller scsi,index=0");
    }

    @Test
    void twoControllersWithOneIndexAreRefused() {
        refused(Vmm.plan("--controller", "scsi,index=1", "--controller", "scsi,index=1"), "index 1");
    }

    @Test
    void aControllerWithoutQueuesIsRefused() {
        refused(Vmm.plan("--controller", "scsi,queues=0"), "0 request queues", "1 to 64");
    }

    @Test
    void twoDisksWithOneIdAreRefused() {
        refused(Vmm.plan("--disk", "file=a,id=x", "--disk", "file=b,id=x"), "called x");
    }

    @Test
    void anIdThatAnotherDiskGetsByItselfIsRefused() {
        refused(Vmm.plan("--disk", "file=a,id=drive1", "--disk", "file=b"), "drive1", "id=");
    }

    @Test
    void aSerialNumberThatVirtioBlkCannotCarryIsRefused() {
        refused(
                Vmm.plan("--disk", "file=a,bus=virtio,serial=123456789012345678901"),
                "serial=",
                "at most 20 printable");
    }

    @Test
    void aVendorOfNineLettersIsRefused() {
        refused(Vmm.plan("--disk", "file=a,vendor=ABCDEFGHI"), "vendor=ABCDEFGHI", "at most 8");
    }

    @Test
    void aWorldWideNameOfTooFewDigitsIsRefused() {
        refused(Vmm.plan("--disk", "file=a,wwn=123"), "wwn=123", "16 hexadecimal digits");
        refused(Vmm.plan("--disk", "file=a,wwn=0123456789abcdef"), "wwn=0123456789abcdef", "begin with 2, 3 or 5");
    }

    @Test
    void aBlockSizeThatIsNoneIsRefused() {
        refused(Vmm.plan("--disk", "file=a,logical-block=1024"), "1024", "512 or 4096");
    }

    @Test
    void aPhysicalBlockBelowTheLogicalOneIsRefused() {
        refused(Vmm.plan("--disk", "file=a,logical-block=4096,physical-block=512"), "512", "power of two from 4096");
    }

    @Test
    void aNumberThatIsNoneIsRefused() {
        refused(Vmm.plan("--disk", "file=a,lun=first"), "lun", "whole number", "first");
    }

    @Test
    void aSwitchThatIsNoneIsRefused() {
        refused(Vmm.plan("--disk", "file=a,readonly=maybe"), "readonly", "on or off", "maybe");
    }

    @Test
    void aTransportThatIsNoneIsRefused() {
        refused(Vmm.plan("--virtio", "1.0"), "--virtio", "modern, transitional or legacy", "1.0");
        refused(Vmm.plan("--disk", "file=a,bus=virtio,virtio=old"), "virtio takes", "legacy", "old");
        refused(Vmm.plan("--controller", "scsi,virtio=on"), "virtio takes", "transitional", "on");
    }

    @Test
    void aTransportForAScsiDiskIsRefused() {
        refused(Vmm.plan("--disk", "file=a,virtio=legacy"), "virtio=", "--controller");
    }

    @Test
    void packedQueuesOnALegacyDeviceAreRefused() {
        refused(Vmm.plan("--virtio", "legacy", "--disk", "file=a,bus=virtio,packed"), "drive0", "packed", "virtio=");
    }

    @Test
    void aSerialPortThatLeadsNowhereKnownIsRefused() {
        refused(Vmm.plan("--serial", "pty"), "stdio, file:PATH, unix:PATH, unix or none", "pty");
    }

    @Test
    void moreDisksThanSlotsAreRefused() {
        String[] disks = new String[62];
        for (int i = 0; i < disks.length; i += 2) {
            disks[i] = "--disk";
            disks[i + 1] = "file=a,bus=virtio";
        }
        refused(Vmm.plan(disks), "drive30", "no free PCI slot", "function=");
    }

    @Test
    void anUnknownOptionIsNamedWithItsNearestMatch() {
        refused(Vmm.plan("--memroy", "1G"), "--memroy", "did you mean --memory", "vmm run --help");
    }

    @Test
    void anOptionWithoutItsValueIsRefused() {
        refused(Vmm.execute("run", "--memory"), "--memory", "vmm run --help");
    }

    @Test
    void anUnknownCommandIsNamedWithItsNearestMatch() {
        refused(Vmm.execute("runn"), "runn", "did you mean vmm run?");
    }

    @Test
    void jsonWithoutDryRunIsRefused() {
        refused(Vmm.execute("run", "--kernel", "vmlinuz", "--json"), "--json", "--dry-run");
    }

    @Test
    void aLogLevelThatDoesNotExistIsRefused() {
        refused(Vmm.plan("--log", "loud"), "--log", "loud", "debug");
    }

    @Test
    void whatIsToBecomeOfErrorsHasToBeOneOfFewWords() {
        refused(Vmm.plan("--disk", "file=a,werror=pause"), "werror takes enospc or ignore or report or stop", "pause");
        refused(Vmm.plan("--disk", "file=a,rerror=enospc"), "rerror takes ignore or report or stop, not enospc");
    }

    @Test
    void limitsThatMakeNoSenseAreRefused() {
        refused(Vmm.plan("--disk", "file=a,total-iops-sec=fast"), "total-iops-sec takes a whole number", "fast");
        refused(Vmm.plan("--disk", "file=a,read-bytes-sec=5X"), "read-bytes-sec=", "512M", "5X");
        refused(Vmm.plan("--disk", "file=a,write-iops-sec=-1"), "write-iops-sec=-1 is not a rate");
        refused(
                Vmm.plan("--disk", "file=a,total-iops-sec=9,read-iops-sec=5"),
                "--disk file=a",
                "total-iops-sec= and read-iops-sec= cannot be set at the same time");
        refused(Vmm.plan("--disk", "file=a,total-iops-sec-max=9"), "add total-iops-sec=");
        refused(Vmm.plan("--disk", "file=a,total-iops-sec=9,total-iops-sec-max-length=5"), "add total-iops-sec-max=");
        refused(Vmm.plan("--disk", "file=a,size-iops-sec=4K"), "add total-iops-sec=");
    }

    @Test
    void aGroupWithoutLimitsOrWithTwoKindsIsRefused() {
        refused(Vmm.plan("--disk", "file=a,group-name=slow"), "group-name=slow", "no limits", "total-iops-sec=1000");
        refused(
                Vmm.plan(
                        "--disk", "file=a,group-name=g,total-iops-sec=5",
                        "--disk", "file=b,group-name=g,total-iops-sec=6"),
                "drive0 and drive1",
                "group-name=g",
                "one of the two");
    }

    @Test
    void secureErasureForAScsiDiskIsRefused() {
        refused(Vmm.plan("--disk", "file=a,secure-erase"), "secure-erase=", "bus=virtio");
    }

    @Test
    void anIoThreadThatIsNotThereIsRefusedWithTheOptionThatMakesIt() {
        refused(Vmm.plan("--disk", "file=a,bus=virtio,iothreads=1"), "I/O thread 1", "there are none", "--iothreads 1");
        refused(Vmm.plan("--iothreads", "2", "--disk", "file=a,bus=virtio,iothreads=1+3"), "I/O thread 3", "1 to 2");
        refused(Vmm.plan("--iothreads", "2", "--disk", "file=a,bus=virtio,iothreads=0"), "I/O thread 0", "1 to 2");
        refused(Vmm.plan("--disk", "file=a,bus=virtio,iothreads=one"), "iothreads=one", "iothreads=1+2");
        refused(Vmm.plan("--disk", "file=a,iothreads=1"), "iothreads=", "bus=virtio");
        refused(Vmm.plan("--iothreads", "2", "--controller", "scsi,iothreads=1+2"), "several I/O threads", "name one");
        refused(Vmm.plan("--iothreads", "65"), "at most 64", "--iothreads");
        refused(Vmm.plan("--iothreads", "many"), "--iothreads takes a whole number");
    }

    @Test
    void aTimeOfPollingThatIsNoneIsRefused() {
        refused(Vmm.plan("--poll-max-ns", "long"), "--poll-max-ns takes 0 to 1000000000", "32768 suits");
        refused(Vmm.plan("--poll-max-ns", "-1"), "not -1");
    }

    @Test
    void limitsOfAControllerHaveRanges() {
        refused(Vmm.plan("--controller", "scsi,virtqueue_size=100"), "Controller 0", "power of two from 4 to 1024");
        refused(Vmm.plan("--controller", "scsi,cmd-per-lun=0"), "cmd-per-lun=0", "1 to 65535");
        refused(Vmm.plan("--controller", "scsi,max-sectors=7"), "max-sectors=7", "8 to 1048576");
        refused(Vmm.plan("--controller", "scsi,virtqueue_size=64,seg-max=63"), "seg-max=63", "1 to 62");
        refused(Vmm.plan("--iothreads", "1", "--controller", "scsi,iothread=1,iothreads=1"), "iothreads=", "leave it");
    }

    @Test
    void kindsOfDiskThatThereAreNotAreRefused() {
        refused(Vmm.plan("--disk", "file=/dev/sg0,type=lun"), "Disk drive0", "type=lun", "leave type= out");
        refused(Vmm.plan("--disk", "file=a,type=tape"), "type takes", "tape");
        refused(Vmm.plan("--disk", "file=a,bus=virtio,type=cdrom"), "type=", "bus=scsi");
    }

    @Test
    void aDriveHasBlocksOfItsOwnAndOneNumber() {
        refused(
                Vmm.plan("--disk", "file=a.iso,type=cdrom,logical-block=4096"),
                "CD-ROM drive",
                "2048",
                "logical-block=");
        refused(Vmm.plan("--disk", "null:1G,type=cdrom,lun=0-3"), "CD-ROM drive", "one lun=");
    }

    @Test
    void rangesAreForDisksOfNothing() {
        refused(Vmm.plan("--disk", "file=a,lun=0-3"), "Disk drive0", "LUNs 0-3", "only null:SIZE");
        refused(Vmm.plan("--disk", "null:1G,lun=0-3,wwn=5000c50015ea71ac"), "world wide name", "wwn=");
        refused(Vmm.plan("--disk", "null:1G,lun=3-0"), "lun=3-0", "smaller number first");
        refused(Vmm.plan("--disk", "null:1G,target=1-256"), "target 256", "0 to 255");
        refused(Vmm.plan("--disk", "null:1G,lun=0-16384"), "LUN 16384", "0 to 16383");
    }

    @Test
    void aDiskInsideARangeIsRefused() {
        refused(
                Vmm.plan("--disk", "null:1G,target=0-9,lun=0-99", "--disk", "file=a,target=7,lun=50"),
                "drive0 and drive1 are both LUN 50 of target 7");
    }

    @Test
    void aSharedLogicalUnitHasOneDescription() {
        refused(
                Vmm.plan(
                        "--controller",
                        "scsi",
                        "--controller",
                        "scsi",
                        "--disk",
                        "file=a,shareable,serial=S1",
                        "--disk",
                        "file=a,shareable,controller=1"),
                "drive0 is one logical unit",
                "controller=");
        refused(
                Vmm.plan(
                        "--controller",
                        "scsi",
                        "--controller",
                        "scsi",
                        "--disk",
                        "file=a,shareable",
                        "--disk",
                        "file=a,shareable,controller=1,id=b"),
                "Disk b",
                "leave its id= out");
        refused(Vmm.plan("--disk", "file=a,format=qcow2,shareable"), "qcow2", "readonly");
    }

    @Test
    void protectionGoesWithNeitherDrivesNorSharedImages() {
        refused(Vmm.plan("--disk", "file=a,protection=2"), "protection", "1");
        refused(Vmm.plan("--disk", "file=a,protection=1,type=cdrom"), "type=cdrom");
        refused(Vmm.plan("--disk", "file=a,protection=1,shareable"), "shareable");
        refused(Vmm.plan("--disk", "file=a,protection=1,bus=virtio"), "bus=scsi");
    }

    @Test
    void whatIsForFirmwareAndWhatIsForAKernelExcludeEachOther() {
        refused(Vmm.plan("--boot", "order=c"), "--boot", "--kernel", "--firmware seabios");
        refused(Vmm.execute("run", "--dry-run", "--disk", "file=a", "--append", "x"), "--append", "--kernel FILE");
        refused(Vmm.execute("run", "--dry-run", "--disk", "file=a", "--initrd", "x"), "--initrd", "--kernel FILE");
        refused(
                Vmm.execute("run", "--dry-run", "--disk", "file=a", "--firmware-vars", "v.fd"),
                "--firmware-vars",
                "--firmware ovmf");
    }

    @Test
    void aMachineThatSaysItIsWhatCannotBeSaidIsRefused() {
        refused(Vmm.plan("--smbios", "serial=1"), "--smbios", "--kernel");
        String[] run = {"run", "--dry-run", "--disk", "file=a", "--smbios", ""};
        run[5] = "uuid=12";
        refused(Vmm.execute(run), "uuid=12", "write for example uuid=");
        run[5] = "serial=\u00e9";
        refused(Vmm.execute(run), "serial=", "ASCII");
        run[5] = "entry-point=16";
        refused(Vmm.execute(run), "32 or 64");
    }

    @Test
    void aBootOrderThatIsNoneIsRefused() {
        refused(Vmm.execute("run", "--dry-run", "--disk", "file=a", "--boot", "x"), "order=x", "order=dc");
        refused(Vmm.execute("run", "--dry-run", "--disk", "file=a", "--boot", "order=cc"), "order=cc");
        refused(Vmm.execute("run", "--dry-run", "--disk", "file=a", "--boot", "order=c,menus=on"), "menus", "menu");
        refused(Vmm.plan("--disk", "file=a,boot=1", "--disk", "file=b,boot=1"), "drive0", "drive1", "boot=1");
        refused(Vmm.plan("--disk", "file=a,boot=-1"), "drive0", "boot=-1", "boot=1");
        refused(Vmm.plan("--disk", "file=a,boot=1,bootindex=1"), "bootindex", "boot=");
        refused(Vmm.plan("--disk", "null:1M,lun=0-3,boot=1"), "drive0", "boot=");
    }

    @Test
    void anItemForTheGuestNeedsANameOfItsOwnAndAValue() {
        refused(Vmm.plan("--fw-cfg", "name=opt/a"), "opt/a", "string=", "file=");
        refused(Vmm.plan("--fw-cfg", "name=opt/a,string=x,file=y"), "opt/a", "string=", "file=");
        refused(Vmm.plan("--fw-cfg", "name=etc/a,string=x"), "etc/a", "opt/");
        refused(Vmm.plan("--fw-cfg", "opt/a,string=x", "--fw-cfg", "opt/a,string=y"), "opt/a", "name=");
        refused(Vmm.plan("--fw-cfg", "name=opt/" + "a".repeat(52) + ",string=x"), "55");
    }

    @Test
    void aNameThatIsNoFileNameIsRefused() {
        for (String name : new String[] {"../x", "a/b", ".hidden", "with space", "x".repeat(41)}) {
            refused(Vmm.plan(name), name, "change NAME");
        }
        assertEquals(0, Vmm.plan("web-1.example_2+").status());
    }

    @Test
    void stopWantsANameAndATimeThatPasses() {
        refused(Vmm.execute("stop"), "NAME", "vmm stop --help");
        refused(Vmm.execute("stop", "web", "--timeout", "0"), "--timeout", "--force");
        refused(Vmm.execute("stop", "web", "--timeout", "soon"), "soon");
    }
}
