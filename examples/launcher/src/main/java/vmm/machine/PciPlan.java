package vmm.machine;

import java.util.OptionalInt;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Who sits where on the PCI bus while a machine is planned. Explicit places are claimed before automatic ones. */
final class PciPlan {
    private static final int FIRST_FREE_SLOT = Slots.FIRST;

    private final TreeMap<Integer, String> owners = new TreeMap<>();

    /** The places that the devices of a machine have. */
    static PciPlan of(MachineConfig machine) {
        PciPlan plan = new PciPlan();
        for (ControllerConfig controller : machine.controllers()) {
            plan.owners.put(key(controller.virtio().address()), controller.id());
        }
        for (DiskConfig disk : machine.disks()) {
            if (disk.address() instanceof DiskAddress.Virtio(VirtioConfig virtio)) {
                plan.owners.put(key(virtio.address()), disk.id());
            }
        }
        return plan;
    }

    /** Who has a place, or null. */
    @Nullable
    String owner(PciAddress address) {
        return owners.get(key(address));
    }

    /**
     * Takes the place that the user named.
     *
     * @param who the culprit's name at the start of a sentence, as "Disk drive0"
     * @return the address, or null if any place will do
     */
    @Nullable
    PciAddress claim(String who, MachineRequest.Place place) {
        OptionalInt slot = place.slot();
        OptionalInt function = place.function();
        if (slot.isEmpty()) {
            if (function.isPresent()) {
                throw new ConfigurationException(who + " has function=" + function.getAsInt()
                        + " without a slot; add slot=" + FIRST_FREE_SLOT + " to " + (PciAddress.SLOTS - 1) + ".");
            }
            return null;
        }
        PciAddress address = new PciAddress(slot.getAsInt(), function.orElse(0));
        checkRange(who, address);
        String owner = owners.putIfAbsent(key(address), who);
        if (owner != null) {
            throw new ConfigurationException(who + " and " + lowerFirst(owner) + " both want slot " + address.slot()
                    + ", function " + address.function() + "; move one of them to another slot or function.");
        }
        return address;
    }

    private static void checkRange(String who, PciAddress address) {
        if (address.slot() < 0 || address.slot() >= PciAddress.SLOTS) {
            throw new ConfigurationException(who + " wants slot " + address.slot() + ", but the PCI bus has slots 0 to "
                    + (PciAddress.SLOTS - 1) + "; take one from " + FIRST_FREE_SLOT + " up.");
        }
        if (address.function() < 0 || address.function() >= PciAddress.FUNCTIONS) {
            throw new ConfigurationException(who + " wants function " + address.function()
                    + ", but a slot has functions 0 to " + (PciAddress.FUNCTIONS - 1) + "; take one of those.");
        }
        if (address.slot() < FIRST_FREE_SLOT) {
            throw new ConfigurationException(who + " wants slot " + address.slot()
                    + ", which belongs to the chipset; take one from " + FIRST_FREE_SLOT + " to "
                    + (PciAddress.SLOTS - 1) + ".");
        }
    }

    /** Takes the first slot that nobody uses. */
    PciAddress next(String who) {
        for (int slot = FIRST_FREE_SLOT; slot < PciAddress.SLOTS; slot++) {
            PciAddress first = new PciAddress(slot, 0);
            Integer user = owners.ceilingKey(key(first));
            if (user == null || user >= key(new PciAddress(slot + 1, 0))) {
                owners.put(key(first), who);
                return first;
            }
        }
        throw new ConfigurationException(
                who
                        + " finds no free PCI slot; put devices into functions 1 to 7 of a used slot with slot= and function=.");
    }

    /**
     * Checks that the guest will find everybody: it looks at functions 1 to 7 of a slot only if function 0 answers (PCI
     * Local Bus 3.0, 3.2.2.3.4).
     */
    void checkFirstFunctions() {
        owners.forEach((key, who) -> {
            int slot = key / PciAddress.FUNCTIONS;
            if (!owners.containsKey(key(new PciAddress(slot, 0)))) {
                throw new ConfigurationException(who + " is in function " + key % PciAddress.FUNCTIONS + " of slot "
                        + slot + ", which has no function 0, so that no guest would find it; put a device into slot "
                        + slot + ", function 0.");
            }
        });
    }

    private static int key(PciAddress address) {
        return address.slot() * PciAddress.FUNCTIONS + address.function();
    }

    private static String lowerFirst(String who) {
        return Character.toLowerCase(who.charAt(0)) + who.substring(1);
    }
}
