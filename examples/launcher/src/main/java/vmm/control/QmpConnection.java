package vmm.control;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;

/** A client's connection: one thread reads and does what it is told, another one writes. */
final class QmpConnection {
    private static final int READ_BYTES = 8192;

    private final SocketChannel channel;
    private final Outbox outbox;
    private final QmpSession session;
    private final Duration patience;

    /** @param patience how long the end of a message may take that has begun */
    QmpConnection(SocketChannel channel, QmpService service, Duration patience) {
        this.channel = channel;
        this.patience = patience;
        outbox = new Outbox(channel);
        session = new QmpSession(service, outbox::answer, event -> outbox.event(QmpSession.line(event)));
    }

    /** Talks until one side hangs up. */
    void run() throws IOException {
        Thread.ofPlatform().name("control-answers").daemon().start(outbox::run);
        try (session) {
            session.greet();
            read();
        } finally {
            outbox.close();
        }
    }

    private void read() throws IOException {
        byte[] reproach = QmpSession.error("The rest of a message did not come within " + patience.toSeconds() + " s");
        ByteBuffer bytes = ByteBuffer.allocate(READ_BYTES);
        long answered = 0;
        long begun = 0;
        while (channel.read(bytes.clear()) >= 0) {
            outbox.expectNothing();
            boolean within = session.isWithinMessage();
            if (!session.receive(bytes.flip())) {
                return;
            }
            if (!within || answered != session.answered()) {
                begun = System.nanoTime();
                answered = session.answered();
            }
            if (session.isWithinMessage()) {
                outbox.expect(begun + patience.toNanos(), reproach);
            }
        }
    }

    /** Hangs up, when the client has been told what it was to be told. Returns at once. */
    void close() {
        outbox.close();
    }

    /** Waits until it has hung up, and does so at once if the client has not listened for that time. */
    void awaitEnd(Duration time) throws IOException, InterruptedException {
        outbox.awaitEnd(time);
        channel.close();
    }
}
