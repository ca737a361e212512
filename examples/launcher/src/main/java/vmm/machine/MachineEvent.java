package vmm.machine;

import vmm.block.BlockRequest.Operation;

/** Something that has happened to a running machine. Reasons and actions are in QMP's words. */
public sealed interface MachineEvent {
    /**
     * A device is gone: its name and its place are free, and what it used can be removed.
     *
     * @param id the device's name
     */
    record DeviceDeleted(String id) implements MachineEvent {}

    /**
     * The guest does not let go of a device; it stays, and may be asked for again.
     *
     * @param id the device's name
     */
    record UnplugRefused(String id) implements MachineEvent {}

    /**
     * The guest has evaluated _OST for a slot (ACPI 6.5 6.3.5).
     *
     * @param slot the slot of the PCI bus, 2 to 31
     * @param source what it answers: 1 for a device check, 3 for an ejection request
     * @param status the status code: 0 for success
     */
    record OstReported(int slot, int source, int status) implements MachineEvent {}

    /**
     * The machine ends.
     *
     * @param guest true if the guest wanted it so
     * @param reason {@code guest-shutdown}, {@code guest-reset}, {@code guest-panic}, {@code host-qmp-quit},
     *     {@code host-qmp-system-reset}, {@code host-signal} or {@code host-error}
     */
    record Shutdown(boolean guest, String reason) implements MachineEvent {}

    /**
     * The machine begins anew.
     *
     * @param guest true if the guest wanted it so
     * @param reason {@code guest-reset} or {@code host-qmp-system-reset}
     */
    record Reset(boolean guest, String reason) implements MachineEvent {}

    /** Somebody has pressed the power button. */
    record PoweredDown() implements MachineEvent {}

    /** The processors have been stopped. */
    record Paused() implements MachineEvent {}

    /** The processors run again. */
    record Resumed() implements MachineEvent {}

    /**
     * A request to a disk has failed, and the machine is paused because of it.
     *
     * @param id the device's name
     * @param node the node's name
     * @param operation what failed
     * @param errno why
     */
    record DiskError(String id, String node, Operation operation, int errno) implements MachineEvent {}

    /**
     * The tray of a drive has moved.
     *
     * @param id the device's name
     * @param open true if it is out now
     */
    record TrayMoved(String id, boolean open) implements MachineEvent {}

    /**
     * The guest cannot go on; the machine ends.
     *
     * @param sentence what happened
     */
    record GuestCrashed(String sentence) implements MachineEvent {}
}
