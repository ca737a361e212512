package vmm.machine;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which disk has which logical units while a machine is planned. Explicit numbers are claimed before automatic ones.
 */
final class LunPlan {
    /** The largest number of a target. */
    static final int MAX_TARGET = 255;

    /** The largest number of a logical unit. */
    static final int MAX_LUN = 16383;

    private record Claim(LunRange place, String disk) {}

    private final List<Claim> claims = new ArrayList<>();

    /** The logical units of a machine. */
    static LunPlan of(MachineConfig machine) {
        LunPlan plan = new LunPlan();
        for (DiskConfig disk : machine.disks()) {
            if (disk.address() instanceof DiskAddress.Scsi scsi) {
                scsi.places().forEach(place -> plan.claims.add(new Claim(place, disk.id())));
            }
        }
        return plan;
    }

    /** Who has one of these logical units, or null. */
    @Nullable
    String owner(LunRange wanted) {
        return claims.stream()
                .filter(claim -> claim.place.overlaps(wanted))
                .map(Claim::disk)
                .findFirst()
                .orElse(null);
    }

    /** Takes the logical units that the user named. */
    void claim(String disk, LunRange place) {
        checkTargets(disk, place.targets());
        NumberRange luns = place.luns();
        if (luns.first() < 0 || luns.last() > MAX_LUN) {
            throw new ConfigurationException("Disk " + disk + " wants LUN "
                    + (luns.first() < 0 ? luns.first() : luns.last()) + ", but a target has LUNs 0 to " + MAX_LUN
                    + "; take one of those.");
        }
        for (Claim claim : claims) {
            if (claim.place.overlaps(place)) {
                int lun = Math.max(luns.first(), claim.place.luns().first());
                int target =
                        Math.max(place.targets().first(), claim.place.targets().first());
                throw new ConfigurationException("Disks " + claim.disk + " and " + disk + " are both LUN " + lun
                        + " of target " + target + " on controller " + place.controller()
                        + "; change the lun= of one.");
            }
        }
        claims.add(new Claim(place, disk));
    }

    static void checkTargets(String disk, NumberRange targets) {
        if (targets.first() < 0 || targets.last() > MAX_TARGET) {
            throw new ConfigurationException("Disk " + disk + " wants target "
                    + (targets.first() < 0 ? targets.first() : targets.last()) + ", but a controller has targets 0 to "
                    + MAX_TARGET + "; take one of those.");
        }
    }

    /** Takes the first LUN that is free in all of these targets. */
    LunRange next(String disk, int controller, NumberRange targets) {
        LunRange all = new LunRange(controller, targets, new NumberRange(0, MAX_LUN));
        BitSet taken = new BitSet();
        for (Claim claim : claims) {
            if (claim.place.overlaps(all)) {
                taken.set(claim.place.luns().first(), claim.place.luns().last() + 1);
            }
        }
        int lun = taken.nextClearBit(0);
        if (lun <= MAX_LUN) {
            LunRange place = new LunRange(controller, targets, NumberRange.of(lun));
            claims.add(new Claim(place, disk));
            return place;
        }
        throw new ConfigurationException("Disk " + disk + " finds no free LUN on target " + targets + " of controller "
                + controller + "; give it another target=.");
    }
}
