package vmm.virtio.scsi;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import vmm.event.SteppedEventLoop;
import vmm.memory.GuestMemory;
import vmm.scsi.ScsiBus;
import vmm.virtio.Features;
import vmm.virtio.QueueSetup;
import vmm.virtio.RingFeatures;
import vmm.virtio.driver.MockDriver;
import vmm.virtio.driver.MockQueue;

/** A driver of a virtio SCSI host: lays out requests, and waits for their responses. */
final class Driver implements AutoCloseable {
    /** Bytes of request before data, with the default {@code cdb_size}. */
    static final int HEADER = 19 + 32;

    /** Bytes of response before data, with the default {@code sense_size}. */
    static final int FIXED = 12 + 96;

    /** A request and where its parts are in guest memory. */
    static final class Request {
        final long header;
        final long out;
        final int outLength;
        final long response;
        final long in;
        final int inLength;
        long used = -1;
        private final GuestMemory memory;

        Request(GuestMemory memory, long header, long out, int outLength, long response, long in, int inLength) {
            this.memory = memory;
            this.header = header;
            this.out = out;
            this.outLength = outLength;
            this.response = response;
            this.in = in;
            this.inLength = inLength;
        }

        boolean ended() {
            return used >= 0;
        }

        int senseLength() {
            return memory.getInt(response);
        }

        long residual() {
            return memory.getInt(response + 4) & 0xffff_ffffL;
        }

        int status() {
            return memory.getByte(response + 10);
        }

        int code() {
            return memory.getByte(response + 11);
        }

        String sense() {
            byte[] sense = new byte[senseLength()];
            memory.read(response + 12, sense, 0, sense.length);
            return HexFormat.of().formatHex(sense);
        }

        byte[] data() {
            byte[] data = new byte[inLength];
            memory.read(in, data, 0, inLength);
            return data;
        }
    }

    final SteppedEventLoop loop = new SteppedEventLoop();
    final GuestMemory memory = GuestMemory.detached(16 << 20);
    final VirtioScsiDevice device;
    final MockDriver driver;
    MockQueue control;
    MockQueue events;
    MockQueue requests;
    MockQueue moreRequests;
    private final Map<MockQueue, Map<Integer, Request>> pending = new HashMap<>();

    Driver(ScsiBus bus) {
        this(bus, 0);
    }

    /**
     * A driver that has started the device.
     *
     * @param features those that the driver wants beside the usual ones of the queues
     */
    Driver(ScsiBus bus, long features) {
        HbaConfig config = new HbaConfig("scsi0", 2, 64);
        device = new VirtioScsiDevice(loop, bus, features == 0 ? config : config.withRings(RingFeatures.ALL));
        driver = new MockDriver(memory, device);
        driver.negotiate(Features.RING_EVENT_IDX | Features.RING_INDIRECT_DESC | features);
        control = driver.addQueue(0, 16);
        events = driver.addQueue(1, 16);
        requests = driver.addQueue(2, 64);
        moreRequests = driver.addQueue(3, 64);
        driver.activate();
    }

    /** Resets the device and starts it again. */
    void restart() {
        restart(() -> {});
    }

    /** Resets the device and starts it again, with something to do when the control queue interrupts. */
    void restart(Runnable onControlInterrupt) {
        driver.reset();
        control = driver.addQueue(0, 16);
        events = driver.addQueue(1, 16);
        requests = driver.addQueue(2, 64);
        moreRequests = driver.addQueue(3, 64);
        QueueSetup plain = control.setup();
        QueueSetup.Interrupt interrupt = () -> {
            plain.interrupt().signal();
            onControlInterrupt.run();
        };
        driver.activate(List.of(
                new QueueSetup(
                        plain.index(),
                        plain.size(),
                        plain.descriptorArea(),
                        plain.driverArea(),
                        plain.deviceArea(),
                        plain.doorbell(),
                        interrupt),
                events.setup(),
                requests.setup(),
                moreRequests.setup()));
    }

    /** The eight bytes that address a logical unit, as Linux writes them: by the flat method. */
    static byte[] lun(int target, int lun) {
        return new byte[] {1, (byte) target, (byte) (0x40 | lun >> 8), (byte) lun, 0, 0, 0, 0};
    }

    static byte[] header(byte[] lun, long id, int attribute, String cdb) {
        byte[] block = HexFormat.ofDelimiter(" ").parseHex(cdb);
        return ByteBuffer.allocate(HEADER)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(lun)
                .putLong(id)
                .put((byte) attribute)
                .putShort((short) 0)
                .put(Arrays.copyOf(block, 32))
                .array();
    }

    /** Puts a request into memory, one buffer for each of its parts, and offers it to the device. */
    Request offer(MockQueue queue, byte[] header, byte[] out, int inLength) {
        Request request = place(header, out, FIXED, inLength);
        queue.readable(request.header, header.length);
        if (out.length != 0) {
            queue.readable(request.out, out.length);
        }
        queue.writable(request.response, FIXED);
        if (inLength != 0) {
            queue.writable(request.in, inLength);
        }
        enter(queue, queue.offer(), request);
        return request;
    }

    Request place(byte[] header, byte[] out, int fixed, int inLength) {
        long at = driver.allocate(Math.max(1, header.length), 8);
        memory.write(at, header);
        long outAt = driver.allocate(Math.max(1, out.length), 8);
        memory.write(outAt, out);
        long response = driver.allocate(fixed, 8);
        byte[] garbage = new byte[fixed];
        Arrays.fill(garbage, (byte) 0xaa);
        memory.write(response, garbage);
        long in = driver.allocate(Math.max(1, inLength), 8);
        return new Request(memory, at, outAt, out.length, response, in, inLength);
    }

    void enter(MockQueue queue, int head, Request request) {
        pending.computeIfAbsent(queue, q -> new HashMap<>()).put(head, request);
        queue.kick();
    }

    /** Runs the device and takes back what it has used. */
    void run() {
        loop.runUntilIdle();
        collect();
    }

    void collect() {
        for (MockQueue queue : new MockQueue[] {control, events, requests, moreRequests}) {
            while (queue.collect()) {
                Map<Integer, Request> offered = pending.getOrDefault(queue, new HashMap<>());
                Request request = offered.remove(queue.usedHead());
                if (request == null) {
                    throw new AssertionError("The device used what it never had.");
                }
                request.used = queue.usedLength();
            }
        }
    }

    Request send(int target, int lun, String cdb, byte[] out, int inLength) {
        Request request = offer(requests, header(lun(target, lun), 1, 0, cdb), out, inLength);
        run();
        return request;
    }

    Request read(String cdb, int inLength) {
        return send(0, 0, cdb, new byte[0], inLength);
    }

    /** Hears what unit attention conditions there are. */
    void settle() {
        while (read("00 00 00 00 00 00", 0).status() == 2) {
            // The next one.
        }
    }

    /** Offers a task management function. Its one byte of answer is where a request has its response. */
    Request manage(int subtype, byte[] lun, long id) {
        byte[] bytes = ByteBuffer.allocate(24)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(0)
                .putInt(subtype)
                .put(lun)
                .putLong(id)
                .array();
        return offerControl(bytes, 1);
    }

    Request offerControl(byte[] bytes, int answerLength) {
        Request request = place(bytes, new byte[0], answerLength, 0);
        control.readable(request.header, bytes.length);
        control.writable(request.response, answerLength);
        enter(control, control.offer(), request);
        return request;
    }

    /** Gives the device a buffer for an event. */
    Request offerEventBuffer(int length) {
        Request buffer = place(new byte[0], new byte[0], length, 0);
        events.writable(buffer.response, length);
        enter(events, events.offer(), buffer);
        return buffer;
    }

    /** Asks for notifications ({@code type} 1) or subscribes to them ({@code type} 2). */
    Request offerNotificationRequest(int type, byte[] lun, int requested) {
        byte[] bytes = ByteBuffer.allocate(16)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(type)
                .put(lun)
                .putInt(requested)
                .array();
        return offerControl(bytes, 5);
    }

    int answer(Request function) {
        return memory.getByte(function.response);
    }

    @Override
    public void close() {
        driver.close();
    }
}
