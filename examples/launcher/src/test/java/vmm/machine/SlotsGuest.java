package vmm.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import vmm.block.BlockOptions;
import vmm.event.LoopOptions;
import vmm.guests.BuiltinGuest;
import vmm.kvm.Kvm;
import vmm.linux.HostException;
import vmm.virtio.pci.VirtioTransport;

/** A machine in this process with the guest that does nothing but look at slots ({@link BuiltinGuest#SLOTS}). */
final class SlotsGuest {
    private static final long PATIENCE_SECONDS = 20;

    final MachineRunner machine;
    final LinkedBlockingQueue<MachineEvent> events = new LinkedBlockingQueue<>();
    private final CompletableFuture<MachineEnd> end = new CompletableFuture<>();
    private final SocketChannel line;

    private SlotsGuest(MachineRunner machine, Path serial) throws IOException, InterruptedException {
        this.machine = machine;
        machine.listen(events::add);
        Thread.ofPlatform().name("runner").start(() -> {
            try {
                end.complete(machine.run());
            } catch (Throwable failure) {
                end.completeExceptionally(failure);
            }
        });
        line = connect(serial);
        tell('y');
    }

    private SocketChannel connect(Path serial) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (true) {
            SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
            try {
                channel.connect(UnixDomainSocketAddress.of(serial));
                channel.configureBlocking(false);
                return channel;
            } catch (IOException notYet) {
                channel.close();
                assertTrue(!end.isDone(), () -> "ended: " + end);
                assertTrue(System.nanoTime() < deadline, "nobody listens");
                Thread.sleep(5);
            }
        }
    }

    /** Starts one with these disks, or skips the test where there is no KVM. */
    static SlotsGuest start(Path folder, MachineRequest.Disk... disks) throws IOException, InterruptedException {
        return start(folder, List.of(MachineRequest.Controller.ANY), disks);
    }

    /** As above, with these controllers. */
    static SlotsGuest start(Path folder, List<MachineRequest.Controller> controllers, MachineRequest.Disk... disks)
            throws IOException, InterruptedException {
        try (Kvm kvm = Kvm.open()) {
            assumeTrue(kvm.apiVersion() > 0);
        } catch (HostException noKvm) {
            assumeTrue(false, noKvm.getMessage());
        }
        Path serial = folder.resolve("serial");
        MachineRequest request = new MachineRequest(
                "slots",
                64 << 20,
                1,
                1,
                LoopOptions.standard(),
                new Boot.Kernel(BuiltinGuest.SLOTS.extract(folder), Optional.empty(), ""),
                VirtioTransport.TRANSITIONAL,
                controllers,
                List.of(disks),
                new SerialConfig.UnixSocket(serial),
                Optional.empty(),
                true,
                true,
                List.of());
        MachineConfig config = MachinePlanner.plan(request, new HostLimits(1L << 40));
        return new SlotsGuest(
                new MachineRunner(config, sentence -> {}, machine -> {
                    throw new AssertionError("There is no control socket.");
                }),
                serial);
    }

    /** A disk on that bus, with all else left open. */
    static MachineRequest.Disk disk(String id, MachineRequest.Bus bus, MachineRequest.Virtio virtio) {
        return new MachineRequest.Disk(
                Optional.of(id),
                MachineRequest.Kind.DISK,
                BlockOptions.of("null:1M", false),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                512,
                OptionalInt.empty(),
                false,
                OptionalInt.empty(),
                bus,
                OptionalInt.empty(),
                Optional.empty(),
                Optional.empty(),
                virtio,
                DiskPolicy.DEFAULT);
    }

    static MachineRequest.Disk unit(String id) {
        return disk(id, MachineRequest.Bus.SCSI, MachineRequest.Virtio.ANY);
    }

    static MachineRequest.Disk blk(String id) {
        return disk(id, MachineRequest.Bus.VIRTIO, MachineRequest.Virtio.ANY);
    }

    static MachineRequest.Disk blk(String id, int slot, int function) {
        return disk(id, MachineRequest.Bus.VIRTIO, at(slot, function));
    }

    static MachineRequest.Virtio at(int slot, int function) {
        MachineRequest.Virtio any = MachineRequest.Virtio.ANY;
        return new MachineRequest.Virtio(
                new MachineRequest.Place(OptionalInt.of(slot), OptionalInt.of(function)),
                any.transport(),
                any.queues(),
                any.iothreads(),
                any.rings());
    }

    /** Makes a node of that name, of a disk in memory. */
    String node(String name) {
        machine.addNode(new NodeConfig(name, BlockOptions.of("mem:1M", false), DiskPolicy.DEFAULT));
        return name;
    }

    /** Has the guest do otherwise from now on. */
    void tell(char how) throws IOException, InterruptedException {
        line.write(ByteBuffer.wrap(new byte[] {(byte) how}));
        if (how != 'q' && how != 'r') {
            hear('.');
        }
    }

    /** Waits until the guest says that. */
    void hear(char word) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        ByteBuffer one = ByteBuffer.allocate(1);
        StringBuilder other = new StringBuilder();
        while (true) {
            one.clear();
            int length = line.read(one);
            assertTrue(length >= 0, () -> "the line is dead: " + end);
            if (length == 0) {
                assertTrue(System.nanoTime() < deadline, () -> "heard only: " + other);
                Thread.sleep(1);
            } else if (one.get(0) == word) {
                return;
            } else {
                other.append((char) one.get(0));
            }
        }
    }

    /** Waits for an event. */
    void await(MachineEvent event) throws InterruptedException {
        List<MachineEvent> others = new ArrayList<>();
        while (true) {
            MachineEvent next = events.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
            assertTrue(next != null, () -> "no " + event + ", only " + others);
            if (next.equals(event)) {
                return;
            }
            others.add(next);
        }
    }

    void awaitDeleted(String id) throws InterruptedException {
        await(new MachineEvent.DeviceDeleted(id));
    }

    /** Slot and function of all virtio functions on the bus, as {@code 5.1}. */
    List<String> functions() {
        return machine.functions().stream()
                .filter(function -> function.slot() >= 2)
                .map(function -> function.slot() + "." + function.function())
                .toList();
    }

    /** Ends it, in order. */
    void stop() throws IOException, InterruptedException {
        machine.quit();
        try {
            assertEquals(new MachineEnd.Stopped(), end.get(PATIENCE_SECONDS, TimeUnit.SECONDS));
        } catch (ExecutionException | TimeoutException failure) {
            throw new AssertionError(failure);
        } finally {
            line.close();
        }
    }
}
