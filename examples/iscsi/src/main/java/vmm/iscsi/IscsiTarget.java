package vmm.iscsi;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import vmm.event.EventLoop;
import vmm.scsi.ItNexus;
import vmm.scsi.ScsiTarget;
import vmm.scsi.TransportId;

/**
 * An iSCSI target node with one portal group: a {@link ScsiTarget} and the sessions that initiators have with it. Each
 * session is an I_T nexus of its own, on one of the loops. Any thread may call.
 */
final class IscsiTarget implements LoginPhase.Admission {
    /** The number of the portal group. */
    static final int PORTAL_GROUP = 1;

    private static final int LARGEST_TSIH = 0xffff;

    private final String name;
    private final ScsiTarget target;
    private final List<EventLoop> loops;
    private final Map<Port, OpenSession> sessions = new HashMap<>();
    private int lastTsih;
    private int connected;

    /** An initiator port (RFC 7143 4.4.2): an initiator, and which of its sessions. */
    private record Port(String initiator, long isid) {
        static Port of(SessionParameters parameters) {
            return new Port(parameters.initiatorName(), parameters.isid());
        }

        TransportId transportId() {
            return TransportId.iscsi(initiator, isid);
        }
    }

    /** A session and what it runs on. */
    record OpenSession(Session session, EventLoop loop, int tsih, Output output) {
        /** Ends it: when this returns, none of its commands will be answered or begun. */
        void close() {
            loop.call(() -> {
                output.finish();
                session.close();
                return session;
            });
        }
    }

    /**
     * A target without sessions.
     *
     * @param name its iSCSI name
     * @param loops what sessions run on, one or more
     */
    IscsiTarget(String name, ScsiTarget target, List<EventLoop> loops) {
        this.name = name;
        this.target = target;
        this.loops = List.copyOf(loops);
    }

    /** The iSCSI name. */
    String name() {
        return name;
    }

    @Override
    public String targetName() {
        return name;
    }

    @Override
    public synchronized boolean hasSession(int tsih) {
        return sessions.values().stream().anyMatch(open -> open.tsih() == tsih);
    }

    @Override
    public int admit(SessionParameters agreed) {
        Port port = Port.of(agreed);
        OpenSession former;
        int tsih;
        synchronized (this) {
            former = sessions.remove(port);
            lastTsih = lastTsih % LARGEST_TSIH + 1;
            tsih = lastTsih;
        }
        // RFC 7143 6.3.5: who logs in as an initiator port that has a session starts that anew
        if (former != null) {
            former.close();
        }
        return tsih;
    }

    /** Begins the session of a login that was {@linkplain #admit admitted}. */
    OpenSession open(LoginPhase.Result login, Output output) {
        if (login.parameters().discovery()) {
            return new OpenSession(new Session(login, this, null, output), loops.getFirst(), login.tsih(), output);
        }
        Port port = Port.of(login.parameters());
        OpenSession open;
        OpenSession rival;
        synchronized (this) {
            ItNexus nexus = target.connect(loops.get(connected++ % loops.size()), port.transportId());
            open = new OpenSession(new Session(login, this, nexus, output), nexus.loop(), login.tsih(), output);
            rival = sessions.put(port, open);
        }
        // Of two logins as one initiator port at one time the later one wins.
        if (rival != null) {
            rival.close();
        }
        return open;
    }

    /** Ends a session whose connection has ended. */
    void close(OpenSession ended) {
        synchronized (this) {
            sessions.remove(Port.of(ended.session().parameters()), ended);
        }
        ended.close();
    }

    /** Ends all sessions. Does not wait for it. */
    void closeAll() {
        List<OpenSession> all;
        synchronized (this) {
            all = new ArrayList<>(sessions.values());
        }
        for (OpenSession open : all) {
            open.loop().post(() -> {
                open.output().finish();
                open.session().close();
            });
        }
    }
}
