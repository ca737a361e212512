package vmm.scsi.primary;

import vmm.scsi.NexusId;
import vmm.scsi.ParameterData;
import vmm.scsi.ScsiTask;
import vmm.scsi.reservation.Registration;
import vmm.scsi.reservation.ReservationState;
import vmm.scsi.reservation.ReservationType;
import vmm.scsi.reservation.ReservationView;

/** PERSISTENT RESERVE IN (SPC-5): who is registered and what is reserved. */
final class PersistentReserveIn {
    private static final int CRH = 1 << 4;
    private static final int SIP_C = 1 << 3;
    private static final int ATP_C = 1 << 2;
    private static final int PTPL_C = 1;

    private static final int TMV = 1 << 7;

    /** ALLOW COMMANDS 011b: TEST UNIT READY under all types; what only reads state under Write Exclusive. */
    private static final int ALLOW_COMMANDS = 0b011 << 4;

    private static final int PTPL_A = 1;

    private static final int R_HOLDER = 1;

    private PersistentReserveIn() {}

    static void readKeys(ReservationView view, ScsiTask task) {
        ReservationState state = view.reservations().state();
        ParameterData data = header(state);
        for (Registration registration : state.registrations()) {
            data.u64(registration.key());
        }
        answer(task, data);
    }

    static void readReservation(ReservationView view, ScsiTask task) {
        ReservationState state = view.reservations().state();
        ParameterData data = header(state);
        ReservationType type = state.type();
        if (type != null) {
            // SPC-5: what all registrants hold has no key
            NexusId holder = state.holder();
            long key = holder == null
                    ? 0
                    : state.registration(holder).map(Registration::key).orElse(0L);
            data.u64(key).zeros(5).u8(type.code()).zeros(2);
        }
        answer(task, data);
    }

    private static ParameterData header(ReservationState state) {
        return new ParameterData()
                .u32(Integer.toUnsignedLong(state.generation()))
                .u32(0);
    }

    /** ADDITIONAL LENGTH counts everything, whatever of it the initiator has room for. */
    private static void answer(ScsiTask task, ParameterData data) {
        data.set32(4, data.length() - 8L);
        task.answer(data, task.cdb().u16(7));
    }

    static void reportCapabilities(ReservationView view, ScsiTask task) {
        boolean persistent = view.reservations().isPersistent();
        boolean activated = view.reservations().state().persistent();
        int mask = 0;
        for (ReservationType type : ReservationType.values()) {
            // Byte 4 has a bit for each of the types 0 to 7, byte 5 for those from 8 on
            mask |= 1 << (type.code() < 8 ? 8 + type.code() : type.code() - 8);
        }
        ParameterData data = new ParameterData()
                .u16(8)
                .u8(CRH | SIP_C | ATP_C | (persistent ? PTPL_C : 0))
                .u8(TMV | ALLOW_COMMANDS | (activated ? PTPL_A : 0))
                .u16(mask)
                .zeros(2);
        task.answer(data, task.cdb().u16(7));
    }

    static void readFullStatus(ReservationView view, ScsiTask task) {
        ReservationState state = view.reservations().state();
        ParameterData data = header(state);
        ReservationType type = state.type();
        for (Registration registration : state.registrations()) {
            NexusId nexus = registration.nexus();
            int held = type != null && state.isHeldBy(nexus) ? type.code() : 0;
            data.u64(registration.key())
                    .zeros(4)
                    .u8(held == 0 ? 0 : R_HOLDER)
                    .u8(held)
                    .zeros(4)
                    .u16(nexus.targetPort())
                    .u32(nexus.initiatorPort().length())
                    .bytes(nexus.initiatorPort().bytes());
        }
        answer(task, data);
    }
}
