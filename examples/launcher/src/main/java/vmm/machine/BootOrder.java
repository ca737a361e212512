package vmm.machine;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Which disk firmware tries first. Disks with a boot index come first, then the others by what kind they are, and by
 * the order in which they were asked for.
 */
public final class BootOrder {
    private BootOrder() {}

    /**
     * The disks in this order, without those of which there are many.
     *
     * @param options of these, strict leaves out disks that nobody asked to start from
     */
    public static List<DiskConfig> of(List<DiskConfig> disks, BootOptions options) {
        Comparator<DiskConfig> byIndex =
                Comparator.comparingInt(disk -> disk.bootIndex().orElse(Integer.MAX_VALUE));
        return disks.stream()
                .filter(disk -> !(disk.address() instanceof DiskAddress.Scsi scsi && scsi.isRange()))
                .filter(disk -> !options.strict() || disk.bootIndex().isPresent() || kind(disk, options) >= 0)
                .sorted(byIndex.thenComparingInt(disk -> kind(disk, options) & Integer.MAX_VALUE))
                .toList();
    }

    /** The place of the disk's letter in the order, -1 if it is not there. */
    private static int kind(DiskConfig disk, BootOptions options) {
        return options.order().indexOf(BootOptions.letter(disk));
    }

    /**
     * The Open Firmware paths of all disks that firmware may start from, as QEMU writes them:
     * {@code /pci@i0cf8/scsi@4,1/channel@0/disk@3,5} for LUN 5 of target 3 on the controller in function 1 of slot 4.
     * Each number is hexadecimal.
     */
    public static List<String> paths(MachineConfig machine, BootOptions options) {
        List<String> paths = new ArrayList<>();
        for (DiskConfig disk : of(machine.disks(), options)) {
            switch (disk.address()) {
                case DiskAddress.Virtio(VirtioConfig virtio) -> paths.add(function(virtio.address()) + "/disk@0,0");
                case DiskAddress.Scsi scsi -> scsi.places().forEach(place -> paths.add(unit(machine, place)));
            }
        }
        return paths;
    }

    private static String unit(MachineConfig machine, LunRange place) {
        PciAddress controller = machine.controllers().stream()
                .filter(candidate -> candidate.index() == place.controller())
                .findFirst()
                .orElseThrow()
                .virtio()
                .address();
        return function(controller)
                + "/channel@0/disk@%x,%x"
                        .formatted(place.targets().first(), place.luns().first());
    }

    private static String function(PciAddress address) {
        String slot = "/pci@i0cf8/scsi@" + Integer.toHexString(address.slot());
        return address.function() == 0 ? slot : slot + "," + address.function();
    }
}
