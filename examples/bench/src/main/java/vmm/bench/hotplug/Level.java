package vmm.bench.hotplug;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What comes and goes: the two levels of the paper's, and the second of them with a slot that is full. */
enum Level {
    /** A logical unit behind a controller. */
    LUN("LUN", 1) {
        @Override
        Map<String, Object> device(Place place) {
            Map<String, Object> device = new LinkedHashMap<>();
            device.put("driver", "scsi-hd");
            device.put("bus", Vmm.CONTROLLER + ".0");
            device.put("channel", 0);
            device.put("scsi-id", place.target());
            device.put("lun", place.lun());
            return device;
        }

        @Override
        Place place(int number) {
            return Place.ofUnit(1, number);
        }
    },
    /** A disk with a slot of the PCI bus to itself. */
    FUNCTION("PCI function", 1) {
        @Override
        Map<String, Object> device(Place place) {
            return blk(place, false);
        }

        @Override
        Place place(int number) {
            return Place.ofFunction(Vmm.FIRST_FREE_SLOT + number, 0);
        }
    },
    /** The eight functions of one slot. */
    SLOT("PCI slot of 8", 8) {
        @Override
        Map<String, Object> device(Place place) {
            return blk(place, true);
        }

        @Override
        Place place(int number) {
            // The guest is told of all of them when function 0 comes, which is last.
            return Place.ofFunction(Vmm.FIRST_FREE_SLOT + number / 8, 7 - number % 8);
        }
    };

    private final String title;
    private final int disks;

    Level(String title, int disks) {
        this.title = title;
        this.disks = disks;
    }

    /** What the table calls it. */
    String title() {
        return title;
    }

    /** How many disks come and go at once. */
    int disks() {
        return disks;
    }

    /** The arguments of device_add that say what kind of device comes, and where. */
    abstract Map<String, Object> device(Place place);

    /** Where one of many goes, counted from 0. */
    abstract Place place(int number);

    private static Map<String, Object> blk(Place place, boolean several) {
        Map<String, Object> device = new LinkedHashMap<>();
        device.put("driver", "virtio-blk-pci");
        device.put("bus", "pci.0");
        device.put("addr", "%x.%x".formatted(place.slot(), place.function()));
        if (several) {
            device.put("multifunction", true);
        }
        return device;
    }

    /** A place on either level; what belongs to the other is 0. */
    record Place(int slot, int function, int target, int lun) {
        static Place ofFunction(int slot, int function) {
            return new Place(slot, function, 0, 0);
        }

        static Place ofUnit(int target, int lun) {
            return new Place(0, 0, target, lun);
        }
    }

    /** Where the disks of one turn go, in the order in which they come. */
    List<Place> places() {
        List<Place> places = new ArrayList<>();
        for (int number = 0; number < disks; number++) {
            places.add(place(number));
        }
        return places;
    }
}
