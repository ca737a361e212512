package vmm.machine;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import vmm.block.BlockOptions;
import vmm.machine.MachineRequest.Bus;
import vmm.machine.MachineRequest.Controller;
import vmm.machine.MachineRequest.Disk;
import vmm.machine.MachineRequest.Kind;
import vmm.machine.MachineRequest.Place;
import vmm.scsi.ScsiBus;

/**
 * Plans what is plugged into a machine that runs, by the rules of {@link MachinePlanner}: what is there keeps its
 * place. What is taken is refused in QEMU's words.
 */
final class PlugPlan {
    private static final String CONTROLLER = "virtio-scsi-pci";
    private static final String DISK = "virtio-blk-pci";

    /** A drive without disc, in a machine's configuration. */
    static final BlockOptions NO_DISC = BlockOptions.of("", true);

    private final MachineConfig machine;
    private final VirtioPlan virtio;

    /** Plans changes of {@code machine}. */
    PlugPlan(MachineConfig machine) {
        this.machine = machine;
        this.virtio = new VirtioPlan(machine.cpus(), machine.iothreads(), machine.transport());
    }

    /**
     * A controller in full.
     *
     * @throws RefusedException if it cannot be
     */
    ControllerConfig controller(Controller wanted, String id) {
        checkId(id);
        try {
            int index = wanted.index().orElseGet(this::freeIndex);
            if (index < 0 || index > ScsiBus.MAX_NUMBER) {
                throw new RefusedException(
                        RefusedException.Kind.INVALID,
                        "Controllers are numbered 0 to " + ScsiBus.MAX_NUMBER + ", and " + index
                                + " is not one of those.");
            }
            if (machine.controllers().stream().anyMatch(controller -> controller.index() == index)) {
                throw new RefusedException(
                        RefusedException.Kind.TAKEN, "There is a controller of index " + index + " already.");
            }
            PciAddress address = place(id, CONTROLLER, wanted.virtio().place());
            return virtio.controller(id, index, address, wanted);
        } catch (ConfigurationException invalid) {
            throw new RefusedException(RefusedException.Kind.INVALID, invalid);
        }
    }

    private int freeIndex() {
        return IntStream.rangeClosed(0, ScsiBus.MAX_NUMBER + 1)
                .filter(index -> machine.controllers().stream().noneMatch(each -> each.index() == index))
                .findFirst()
                .orElseThrow();
    }

    /**
     * A disk in full.
     *
     * @param node what its image is; empty for a drive without disc
     * @throws RefusedException if it cannot be
     */
    DiskConfig disk(Disk request, Optional<NodeConfig> node) {
        String id = request.id()
                .orElseThrow(() -> new RefusedException(RefusedException.Kind.INVALID, "A disk needs an id."));
        checkId(id);
        if (node.isEmpty() && request.kind() != Kind.CDROM) {
            throw new RefusedException(RefusedException.Kind.INVALID, "Disk " + id + " needs a node.");
        }
        Disk wanted = request.withImage(
                node.map(NodeConfig::image).orElse(NO_DISC),
                request.policy().equals(DiskPolicy.DEFAULT)
                        ? node.map(NodeConfig::policy).orElse(DiskPolicy.DEFAULT)
                        : request.policy());
        try {
            checkBootIndex(wanted.bootIndex());
            DiskLimits limits = ThrottleGroups.join(machine, id, wanted.policy().limits());
            DiskAddress address = wanted.bus() == Bus.VIRTIO ? function(id, wanted) : unit(id, wanted);
            return DiskPlan.plan(id, node.map(NodeConfig::name).orElse(""), wanted, address, limits);
        } catch (ConfigurationException invalid) {
            throw new RefusedException(RefusedException.Kind.INVALID, invalid);
        }
    }

    private void checkId(String id) {
        if (machine.disk(id).isPresent() || machine.controller(id).isPresent()) {
            throw new RefusedException(RefusedException.Kind.TAKEN, "Duplicate device ID '" + id + "'");
        }
    }

    private void checkBootIndex(OptionalInt index) {
        if (index.isPresent()
                && machine.disks().stream().anyMatch(disk -> disk.bootIndex().equals(index))) {
            throw new RefusedException(
                    RefusedException.Kind.TAKEN, "The bootindex " + index.getAsInt() + " has already been used");
        }
    }

    private DiskAddress function(String id, Disk wanted) {
        PciAddress address = place(id, DISK, wanted.virtio().place());
        return new DiskAddress.Virtio(virtio.virtio("Disk " + id, address, wanted.virtio()));
    }

    private PciAddress place(String id, String driver, Place wanted) {
        PciPlan pci = PciPlan.of(machine);
        if (wanted.slot().isPresent()) {
            PciAddress address =
                    new PciAddress(wanted.slot().getAsInt(), wanted.function().orElse(0));
            String owner = pci.owner(address);
            if (owner != null) {
                throw new RefusedException(
                        RefusedException.Kind.TAKEN,
                        "PCI: slot %d function %d not available for %s, in use by %s,id=%s"
                                .formatted(address.slot(), address.function(), driver, driverOf(owner), owner));
            }
            String first = pci.owner(new PciAddress(address.slot(), 0));
            if (first != null) {
                throw new RefusedException(
                        RefusedException.Kind.TAKEN,
                        "PCI: slot %d function 0 already occupied by %s, new func %s cannot be exposed to guest."
                                .formatted(address.slot(), driverOf(first), driver));
            }
        }
        PciAddress chosen = pci.claim("Device " + id, wanted);
        if (chosen != null) {
            return chosen;
        }
        try {
            return pci.next("Device " + id);
        } catch (ConfigurationException full) {
            throw new RefusedException(
                    RefusedException.Kind.TAKEN,
                    "PCI: no slot/function available for " + driver + ", all in use or reserved");
        }
    }

    private String driverOf(String id) {
        return machine.controller(id).isPresent() ? CONTROLLER : DISK;
    }

    /** Refuses an address behind a controller that is not there. */
    void checkController(DiskAddress.Scsi address) {
        address.places().forEach(place -> checkController(place.controller()));
    }

    private void checkController(int index) {
        if (machine.controllers().stream().noneMatch(each -> each.index() == index)) {
            throw new RefusedException(RefusedException.Kind.NOT_FOUND, "There is no SCSI controller " + index + ".");
        }
    }

    private DiskAddress unit(String id, Disk wanted) {
        int controller = wanted.controller().orElse(0);
        checkController(controller);
        LunPlan plan = LunPlan.of(machine);
        NumberRange targets = wanted.targets().orElse(NumberRange.of(0));
        LunPlan.checkTargets(id, targets);
        LunRange place;
        if (wanted.luns().isPresent()) {
            place = new LunRange(controller, targets, wanted.luns().get());
            String owner = plan.owner(place);
            if (owner != null) {
                throw new RefusedException(RefusedException.Kind.TAKEN, "lun already used by '" + owner + "'");
            }
            plan.claim(id, place);
        } else {
            place = plan.next(id, controller, targets);
        }
        DiskAddress.Scsi address = new DiskAddress.Scsi(List.of(place));
        if (address.isRange()) {
            throw new RefusedException(
                    RefusedException.Kind.UNSUPPORTED,
                    "Disk " + id
                            + " is a range of logical units, which a machine has from its beginning or not at all.");
        }
        return address;
    }
}
