package vmm.scsi.primary;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import vmm.scsi.Cdb;
import vmm.scsi.ItlNexus;
import vmm.scsi.NexusId;
import vmm.scsi.ParameterList;
import vmm.scsi.ScsiStatus;
import vmm.scsi.ScsiTask;
import vmm.scsi.SenseCode;
import vmm.scsi.TransportId;
import vmm.scsi.reservation.Outcome;
import vmm.scsi.reservation.ReservationType;
import vmm.scsi.reservation.ReservationView;
import vmm.scsi.reservation.Reservations;
import vmm.scsi.reservation.ServiceActions;

/** PERSISTENT RESERVE OUT (SPC-5): its parameter list, and which {@link ServiceActions} it means. */
final class PersistentReserveOut {
    private static final int BASIC_LENGTH = 24;

    private static final int KEY = 0;
    private static final int NEW_KEY = 8;

    // Basic parameter list
    private static final int FLAGS = 20;
    private static final int SPEC_I_PT = 1 << 3;
    private static final int ALL_TG_PT = 1 << 2;
    private static final int APTPL = 1;
    private static final int TRANSPORT_IDS_LENGTH = 24;
    private static final int TRANSPORT_IDS = 28;

    // Parameter list of REGISTER AND MOVE
    private static final int MOVE_FLAGS = 17;
    private static final int UNREG = 1 << 1;
    private static final int RELATIVE_TARGET_PORT = 18;
    private static final int TRANSPORT_ID_LENGTH = 20;
    private static final int TRANSPORT_ID = 24;

    private PersistentReserveOut() {}

    static void register(ReservationView view, ScsiTask task) {
        ParameterList list = registerList(view, task);
        if (list == null) {
            return;
        }
        boolean specified = list.has(FLAGS, SPEC_I_PT);
        List<TransportId> others = List.of();
        if (specified) {
            others = specifiedPorts(task, list);
            if (others == null) {
                return;
            }
        }
        Collection<NexusId> along = along(view, task, others, list.has(FLAGS, ALL_TG_PT));
        end(
                task,
                view.reservations()
                        .change(state -> ServiceActions.register(
                                state,
                                view.id(),
                                list.u64(KEY),
                                list.u64(NEW_KEY),
                                along,
                                specified,
                                list.has(FLAGS, APTPL))));
    }

    static void registerAndIgnore(ReservationView view, ScsiTask task) {
        ParameterList list = registerList(view, task);
        if (list == null) {
            return;
        }
        if (list.has(FLAGS, SPEC_I_PT)) {
            task.invalidParameter(FLAGS, 3);
            return;
        }
        Collection<NexusId> along = along(view, task, List.of(), list.has(FLAGS, ALL_TG_PT));
        end(
                task,
                view.reservations()
                        .change(state -> ServiceActions.registerAndIgnore(
                                state, view.id(), list.u64(NEW_KEY), along, list.has(FLAGS, APTPL))));
    }

    static void reserve(ReservationView view, ScsiTask task) {
        ParameterList list = basicList(task, true);
        if (list != null) {
            ReservationType type = type(task);
            end(
                    task,
                    view.reservations().change(state -> ServiceActions.reserve(state, view.id(), list.u64(KEY), type)));
        }
    }

    static void release(ReservationView view, ScsiTask task) {
        ParameterList list = basicList(task, true);
        if (list != null) {
            ReservationType type = type(task);
            end(
                    task,
                    view.reservations().change(state -> ServiceActions.release(state, view.id(), list.u64(KEY), type)));
        }
    }

    static void clear(ReservationView view, ScsiTask task) {
        ParameterList list = basicList(task, false);
        if (list != null) {
            end(task, view.reservations().change(state -> ServiceActions.clear(state, view.id(), list.u64(KEY))));
        }
    }

    static void preempt(ReservationView view, ScsiTask task) {
        Outcome outcome = preempted(view, task);
        if (outcome != null) {
            end(task, outcome);
        }
    }

    static void preemptAndAbort(ReservationView view, ScsiTask task) {
        switch (preempted(view, task)) {
            case Outcome.Done done -> abort(task, done.preempted());
            case Outcome.Refused refused -> end(task, refused);
            case null -> {}
        }
    }

    /** What a PREEMPT comes to; null if the command has ended. */
    private static @Nullable Outcome preempted(ReservationView view, ScsiTask task) {
        ParameterList list = basicList(task, true);
        if (list == null) {
            return null;
        }
        ReservationType type = type(task);
        return view.reservations()
                .change(state -> ServiceActions.preempt(state, view.id(), list.u64(KEY), list.u64(NEW_KEY), type));
    }

    /** Aborts all commands of those that were preempted; when the last has ended, and none can write any more, ends. */
    private static void abort(ScsiTask task, Set<NexusId> preempted) {
        ItlNexus own = Objects.requireNonNull(task.nexus());
        List<ItlNexus> victims = new ArrayList<>();
        own.unit().forEachNexus(nexus -> {
            if (preempted.contains(nexus.initiator().id())) {
                victims.add(nexus);
            }
        });
        AtomicInteger left = new AtomicInteger(victims.size() + 1);
        Runnable one = () -> {
            if (left.decrementAndGet() == 0) {
                own.runOnLoop(() -> task.end(ScsiStatus.GOOD), () -> {});
            }
        };
        victims.forEach(victim -> victim.abortForOther(one));
        one.run();
    }

    static void registerAndMove(ReservationView view, ScsiTask task) {
        ParameterList list = list(task, TRANSPORT_ID);
        if (list == null) {
            return;
        }
        long length = list.u32(TRANSPORT_ID_LENGTH);
        if (length != list.length() - TRANSPORT_ID) {
            task.fail(SenseCode.PARAMETER_LIST_LENGTH_ERROR);
            return;
        }
        TransportId port = TransportId.parse(list.bytes(), TRANSPORT_ID, list.length());
        if (port == null || TransportId.lengthAt(list.bytes(), TRANSPORT_ID) != length || port.isDevice()) {
            task.invalidParameter(TRANSPORT_ID, ScsiTask.WHOLE_BYTE);
            return;
        }
        int targetPort = list.u16(RELATIVE_TARGET_PORT);
        if (!knownPorts(task).contains(targetPort)) {
            task.invalidParameter(RELATIVE_TARGET_PORT, ScsiTask.WHOLE_BYTE);
            return;
        }
        if (refusesPersistence(view, task, list, MOVE_FLAGS)) {
            return;
        }
        NexusId to = new NexusId(port, targetPort);
        end(
                task,
                view.reservations()
                        .change(state -> ServiceActions.registerAndMove(
                                state,
                                view.id(),
                                list.u64(KEY),
                                list.u64(NEW_KEY),
                                to,
                                list.has(MOVE_FLAGS, UNREG),
                                list.has(MOVE_FLAGS, APTPL))));
    }

    private static void end(ScsiTask task, Outcome outcome) {
        ReservationOutcome.end(task, outcome);
    }

    /** The parameter list of REGISTER and REGISTER AND IGNORE EXISTING KEY; null if the command has ended. */
    private static @Nullable ParameterList registerList(ReservationView view, ScsiTask task) {
        ParameterList list = list(task, BASIC_LENGTH);
        if (list == null || refusesPersistence(view, task, list, FLAGS)) {
            return null;
        }
        if (!list.has(FLAGS, SPEC_I_PT) && list.length() != BASIC_LENGTH) {
            task.fail(SenseCode.PARAMETER_LIST_LENGTH_ERROR);
            return null;
        }
        return list;
    }

    /** The parameter list of all other service actions but REGISTER AND MOVE; null if the command has ended. */
    private static @Nullable ParameterList basicList(ScsiTask task, boolean scoped) {
        Cdb cdb = task.cdb();
        if (scoped && cdb.has(2, 0xf0)) {
            // SCOPE: the logical unit, and nothing smaller
            task.invalidField(2, 7);
            return null;
        }
        ParameterList list = list(task, BASIC_LENGTH);
        if (list == null) {
            return null;
        }
        if (list.has(FLAGS, SPEC_I_PT)) {
            task.invalidParameter(FLAGS, 3);
            return null;
        }
        if (list.length() != BASIC_LENGTH) {
            task.fail(SenseCode.PARAMETER_LIST_LENGTH_ERROR);
            return null;
        }
        return list;
    }

    private static @Nullable ParameterList list(ScsiTask task, int shortest) {
        long length = task.cdb().u32(5);
        if (length < shortest) {
            task.fail(SenseCode.PARAMETER_LIST_LENGTH_ERROR);
            return null;
        }
        return task.parameterList(length);
    }

    private static boolean refusesPersistence(ReservationView view, ScsiTask task, ParameterList list, int flags) {
        Reservations reservations = view.reservations();
        if (list.has(flags, APTPL) && !reservations.isPersistent()) {
            // SPC-5, APTPL: there is nowhere to keep it
            task.invalidParameter(flags, 0);
            return true;
        }
        return false;
    }

    private static @Nullable ReservationType type(ScsiTask task) {
        return ReservationType.of(task.cdb().u8(2) & 0xf);
    }

    /** The initiator ports of a parameter list with SPEC_I_PT; null if the command has ended. */
    private static @Nullable List<TransportId> specifiedPorts(ScsiTask task, ParameterList list) {
        if (list.length() < TRANSPORT_IDS || list.u32(TRANSPORT_IDS_LENGTH) != list.length() - TRANSPORT_IDS) {
            task.fail(SenseCode.PARAMETER_LIST_LENGTH_ERROR);
            return null;
        }
        Set<TransportId> ports = new LinkedHashSet<>();
        for (int at = TRANSPORT_IDS; at < list.length(); ) {
            TransportId port = TransportId.parse(list.bytes(), at, list.length());
            if (port == null) {
                task.invalidParameter(at, ScsiTask.WHOLE_BYTE);
                return null;
            }
            ports.addAll(port.isDevice() ? knownPortsOf(task, port) : List.of(port));
            at += TransportId.lengthAt(list.bytes(), at);
        }
        return List.copyOf(ports);
    }

    /** The ports of an initiator device that have ever talked to the logical unit. */
    private static List<TransportId> knownPortsOf(ScsiTask task, TransportId device) {
        ItlNexus own = task.nexus();
        return own == null
                ? List.of()
                : own.unit().nexusIds().stream()
                        .map(NexusId::initiatorPort)
                        .filter(port -> port.isPortOf(device))
                        .toList();
    }

    /** All nexuses that a registration is for beside the one that asks: other initiators', through other ports. */
    private static Collection<NexusId> along(
            ReservationView view, ScsiTask task, List<TransportId> others, boolean allTargetPorts) {
        NexusId own = view.id();
        Set<Integer> targetPorts = allTargetPorts ? knownPorts(task) : Set.of(own.targetPort());
        Set<NexusId> all = new LinkedHashSet<>();
        for (int targetPort : targetPorts) {
            all.add(own.through(targetPort));
            others.forEach(port -> all.add(new NexusId(port, targetPort)));
        }
        all.remove(own);
        return all;
    }

    /** The target ports that lead to the logical unit. */
    private static Set<Integer> knownPorts(ScsiTask task) {
        ItlNexus own = task.nexus();
        return own == null ? Set.of() : own.unit().targetPorts();
    }
}
