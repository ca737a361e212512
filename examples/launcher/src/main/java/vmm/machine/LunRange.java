package vmm.machine;

/**
 * Some logical units of a SCSI controller.
 *
 * @param controller the controller's index
 * @param targets 0 to 255
 * @param luns of each of these targets, 0 to 16383
 */
public record LunRange(int controller, NumberRange targets, NumberRange luns) {
    /** True if it is one logical unit. */
    public boolean isSingle() {
        return targets.isSingle() && luns.isSingle();
    }

    /** True if some logical unit is in both. */
    public boolean overlaps(LunRange other) {
        return controller == other.controller && targets.overlaps(other.targets) && luns.overlaps(other.luns);
    }
}
