package vmm.block.nbd;

import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vmm.block.BlockRequest;
import vmm.event.EventLoop;
import vmm.event.IoCompletion;
import vmm.linux.Errno;

/**
 * One connection to the server, and the requests that go through it: many at once, in batches, answered in any order.
 *
 * <p>It outlives its socket. When that is lost, or the server is silent for too long or breaks the protocol, requests
 * wait for a new one and are sent again; if that takes too long, they fail, and so do others until the server is back.
 * Then everything that the server had answered counts as done: what it had not been asked to flush is only as safe as
 * the server is, which matters when the server's machine has failed.
 *
 * <p>While nothing is asked for, nothing is being read: an event loop waits for its reads when it is closed.
 *
 * <p>Loop thread only, unless a method says otherwise.
 */
final class Connection {
    private static final Logger log = LoggerFactory.getLogger(Connection.class);

    private static final long TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(250);
    private static final int TICKS_PER_SECOND = 4;

    /** How often a request is sent before it fails: some other may be what the server stumbles over. */
    private static final int MOST_ATTEMPTS = 5;

    /** How many of the server's time limits a request may take while others are answered. */
    private static final int LIMITS_UNTIL_LOST = 4;

    private enum State {
        /** Requests go to the server. */
        OPEN,
        /** The socket is lost; what the kernel does with it has to end. */
        BREAKING,
        /** There is no socket, but there will be one. */
        AWAY,
        /** There will be none. */
        CLOSED
    }

    private final NbdDisk disk;
    private final EventLoop loop;
    private final Commands commands = new Commands();
    private final Commands.Fifo unsent = new Commands.Fifo();
    /** Those that will be sent when there is a socket again. */
    private final Commands.Fifo waiting = new Commands.Fifo();

    private final RequestWriter writer = new RequestWriter();
    private final IoCompletion whenSent = this::sent;
    private final IoCompletion whenReceived = this::received;
    private final Runnable sender = this::sendLater;
    private final Runnable ticker = this::tick;
    private final Dialer dialer;

    private State state;
    private @Nullable Link link;

    /** True while the kernel has a batch, or its completion is being handled; the same for a read. */
    private boolean sending;

    private boolean receiving;
    private boolean sendScheduled;
    private int unanswered;

    private boolean ticking;
    private boolean progress;
    private int silentTicks;
    private int awayTicks;
    private boolean givenUp;

    /** What belongs to one socket. */
    private record Link(Session session, Planner planner, ReplyReader reader) {
        int fd() {
            return session.socket().fd();
        }
    }

    /**
     * A connection for {@code loop}'s thread. Any thread.
     *
     * @param session what it begins with; null if it has to connect first, for which {@link #begin} is to be called
     */
    Connection(NbdDisk disk, EventLoop loop, @Nullable Session session) {
        this.disk = disk;
        this.loop = loop;
        this.dialer = new Dialer(disk, loop, this::connected);
        this.state = session == null ? State.AWAY : State.OPEN;
        this.link = session == null ? null : link(session);
    }

    private Link link(Session session) {
        return new Link(
                session,
                disk.planner(session.export()),
                new ReplyReader(session.export().structured(), commands, this::answered));
    }

    /** Connects, if it was made without a session. */
    void begin() {
        if (state == State.AWAY) {
            startTicking();
            dialer.start();
        }
    }

    /** The loop whose thread may call. Any thread. */
    EventLoop loop() {
        return loop;
    }

    /** Starts a request that the disk can take. {@code client} is told its end, perhaps before this returns. */
    void submit(BlockRequest request, Command.Client client) {
        boolean away = state == State.AWAY && (givenUp || client.isDraining());
        if (state == State.CLOSED || away) {
            client.answered(request, Errno.EIO);
            return;
        }
        Command command = commands.take(request, client);
        startTicking();
        if (state == State.OPEN) {
            ask(command);
        } else {
            await(command);
        }
    }

    private Link link() {
        if (link == null) {
            throw new IllegalStateException("There is no connection to " + disk.name() + ".");
        }
        return link;
    }

    /** Queues what has to be asked next for a command's request, or ends it if there is nothing. */
    private void ask(Command command) {
        if (!link().planner.plan(command)) {
            end(command, 0);
            return;
        }
        command.renew();
        command.state = Command.State.UNSENT;
        unsent.add(command);
        if (!sending && !sendScheduled) {
            // What else this round of the loop brings goes along.
            sendScheduled = true;
            loop.atBatchEnd(sender);
        }
    }

    private void await(Command command) {
        command.state = Command.State.WAITING;
        waiting.add(command);
    }

    private void end(Command command, int errno) {
        BlockRequest request = command.request();
        Command.Client client = command.client();
        commands.release(command);
        client.answered(request, errno);
    }

    private void sendLater() {
        sendScheduled = false;
        if (state == State.OPEN && !sending) {
            send();
        }
    }

    private void send() {
        if (unsent.isEmpty()) {
            return;
        }
        writer.gather(unsent);
        unanswered += writer.count();
        sending = true;
        loop.writev(link().fd(), writer.batch(), -1, whenSent);
        if (!receiving) {
            receive();
        }
    }

    private void receive() {
        receiving = true;
        loop.readv(link().fd(), link().reader.room(), -1, whenReceived);
    }

    private void sent(int result) {
        if (state == State.OPEN && result > 0) {
            progress = true;
            writer.batch().advance(result);
        }
        boolean again = result > 0 ? writer.batch().bytes() > 0 : isTransient(result);
        if (state == State.OPEN && again) {
            loop.writev(link().fd(), writer.batch(), -1, whenSent);
            return;
        }
        if (state == State.OPEN && result > 0) {
            for (int i = 0; i < writer.count(); i++) {
                Command command = writer.command(i);
                command.state = Command.State.SENT;
                if (command.answered) {
                    finish(command);
                }
            }
        } else if (state == State.OPEN) {
            drop("was lost: " + Errno.describe(-result));
        }
        sending = false;
        if (state == State.OPEN) {
            send();
        } else {
            settle();
        }
    }

    private void received(int result) {
        if (state == State.OPEN && result > 0) {
            progress = true;
            take(result);
        } else if (state == State.OPEN && !isTransient(result)) {
            drop(result == 0 ? "was dropped by the server" : "was lost: " + Errno.describe(-result));
        }
        receiving = false;
        if (state == State.OPEN && unanswered > 0) {
            receive();
        } else if (state != State.OPEN) {
            settle();
        }
    }

    private static boolean isTransient(int result) {
        return result == -Errno.EINTR || result == -Errno.EAGAIN;
    }

    private void take(int count) {
        ReplyReader reader = link().reader;
        try {
            reader.received(count);
        } catch (NbdException e) {
            drop(e.reason());
            return;
        }
        if (unanswered == 0 && reader.isWithinReply()) {
            drop("is served by something that breaks the protocol: it sends what nobody has asked for");
        }
    }

    /** A reply is complete. */
    private void answered(Command command) {
        unanswered--;
        dialer.encourage();
        // A server may refuse data while we still send it, and that has to end first.
        if (command.state == Command.State.SENT) {
            finish(command);
        }
    }

    private void finish(Command command) {
        int errno = command.error == 0 ? 0 : Nbd.errno(command.error);
        Planner planner = link().planner;
        if (errno == 0) {
            planner.done(command);
            command.attempts = 0;
            ask(command);
        } else if (errno == Errno.ESHUTDOWN) {
            // proto.md, Terminating the transmission phase: the client has to go. It asks again where it comes next.
            drop("is going away: the server is shutting down");
        } else if (planner.canShorten(command, errno)) {
            ask(command);
        } else {
            // A server that has no space for what it has acknowledged has lost it: waiting for space mends nothing.
            boolean lost = errno == Errno.ENOSPC && command.type == Nbd.NBD_CMD_FLUSH;
            end(command, lost ? Errno.EIO : errno);
        }
    }

    /**
     * Gives the socket up.
     *
     * @param why completes a sentence that begins with the disk's name
     */
    private void drop(String why) {
        if (state != State.OPEN) {
            return;
        }
        int seconds = disk.address().reconnectSeconds();
        if (seconds == 0) {
            log.warn("Disk {} {}. Its requests fail until it is back.", disk.name(), why);
        } else {
            log.warn("Disk {} {}. Its requests wait up to {} s for it to be back.", disk.name(), why, seconds);
        }
        state = State.BREAKING;
        link().session.socket().shutdown();
        settle();
    }

    /** Goes on after a lost socket when the kernel no longer touches what belongs to requests. */
    private void settle() {
        if (sending || receiving) {
            return;
        }
        if (state == State.CLOSED) {
            closeSocket();
        }
        if (state != State.BREAKING) {
            return;
        }
        closeSocket();
        state = State.AWAY;
        unanswered = 0;
        awayTicks = 0;
        for (Command command = unsent.poll(); command != null; command = unsent.poll()) {
            await(command);
        }
        for (int i = 0; i < commands.count(); i++) {
            Command command = commands.get(i);
            if (!command.isOnItsWay()) {
                continue;
            }
            if (command.attempts < MOST_ATTEMPTS) {
                await(command);
            } else {
                log.error("Disk {} has lost a request {} times, which fails now.", disk.name(), MOST_ATTEMPTS);
                end(command, Errno.EIO);
            }
        }
        failDraining();
        if (disk.address().reconnectSeconds() == 0) {
            giveUp();
        }
        startTicking();
        dialer.start();
    }

    private void closeSocket() {
        Link old = link;
        if (old != null) {
            old.session.socket().close();
            link = null;
        }
    }

    /** Ends the requests that wait for a connection and whose client has begun to drain its queue. */
    void failDraining() {
        Commands.Fifo others = new Commands.Fifo();
        for (Command command = waiting.poll(); command != null; command = waiting.poll()) {
            if (command.client().isDraining()) {
                end(command, Errno.EIO);
            } else {
                others.add(command);
            }
        }
        for (Command command = others.poll(); command != null; command = others.poll()) {
            waiting.add(command);
        }
    }

    private void giveUp() {
        givenUp = true;
        failWaiting();
    }

    private void failWaiting() {
        for (Command command = waiting.poll(); command != null; command = waiting.poll()) {
            end(command, Errno.EIO);
        }
    }

    private void connected(Session session) {
        log.info("Disk {} is back.", disk.name());
        link = link(session);
        state = State.OPEN;
        givenUp = false;
        silentTicks = 0;
        startTicking();
        for (Command command = waiting.poll(); command != null; command = waiting.poll()) {
            ask(command);
        }
    }

    private void startTicking() {
        if (!ticking) {
            ticking = true;
            silentTicks = 0;
            loop.schedule(TICK_NANOS, ticker);
        }
    }

    private void tick() {
        ticking = false;
        switch (state) {
            case OPEN -> watch();
            case BREAKING, CLOSED -> {}
            case AWAY -> {
                awayTicks++;
                int seconds = disk.address().reconnectSeconds();
                if (!givenUp && awayTicks >= seconds * TICKS_PER_SECOND) {
                    log.error(
                            "Disk {} has been away for {} s: its requests fail until it is back. It {}.",
                            disk.name(),
                            seconds,
                            dialer.trouble());
                    giveUp();
                }
            }
        }
        boolean busy = state == State.OPEN ? commands.used() > 0 : state == State.AWAY && !givenUp;
        if (busy && !ticking) {
            ticking = true;
            loop.schedule(TICK_NANOS, ticker);
        }
    }

    /** Looks whether the server does something for those who wait. */
    private void watch() {
        silentTicks = progress || unanswered == 0 ? 0 : silentTicks + 1;
        progress = false;
        int limit = disk.address().timeoutSeconds();
        if (silentTicks >= limit * TICKS_PER_SECOND) {
            drop("has not answered for " + limit + " s");
            return;
        }
        if (commands.age(LIMITS_UNTIL_LOST * limit * TICKS_PER_SECOND)) {
            drop("has left a request unanswered for " + LIMITS_UNTIL_LOST * limit + " s");
        }
    }

    /**
     * Ends its use of the socket, after its last request has ended. On the loop's thread, or any if the loop has ended.
     *
     * @return the session, if there is one that others can use
     */
    @Nullable
    Session detach() {
        boolean idle = state == State.OPEN && unanswered == 0 && !sending && !receiving;
        Link old = link;
        state = State.CLOSED;
        dialer.stop();
        failWaiting();
        if (idle && old != null) {
            link = null;
            return old.session;
        }
        if (old != null) {
            old.session.socket().shutdown();
            settle();
        }
        return null;
    }
}
