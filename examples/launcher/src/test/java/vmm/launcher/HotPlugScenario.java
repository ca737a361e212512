package vmm.launcher;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import vmm.block.BlockOptions;
import vmm.event.LoopOptions;
import vmm.linux.Errno;
import vmm.machine.Boot;
import vmm.machine.DiskPolicy;
import vmm.machine.HostLimits;
import vmm.machine.MachineConfig;
import vmm.machine.MachineEnd;
import vmm.machine.MachineEvent;
import vmm.machine.MachinePlanner;
import vmm.machine.MachineRequest;
import vmm.machine.MachineRequest.Bus;
import vmm.machine.MachineRequest.Controller;
import vmm.machine.MachineRequest.Disk;
import vmm.machine.MachineRequest.Place;
import vmm.machine.MachineRequest.Virtio;
import vmm.machine.MachineRunner;
import vmm.machine.NodeConfig;
import vmm.machine.NumberRange;
import vmm.machine.SerialConfig;
import vmm.scsi.FaultInjection;
import vmm.virtio.pci.VirtioTransport;

/**
 * A program that runs a Linux guest in its own process, and plugs and unplugs its disks. Lines {@code fact NAME VALUE}
 * tell what the guest has seen of that.
 *
 * <p>Arguments: the kernel, the initial RAM disk, how often a logical unit is to come and go, how often a function.
 */
final class HotPlugScenario {
    private static final long EVENT_SECONDS = 30;
    private static final int IMAGE_BYTES = 1 << 20;

    private final MachineRunner machine;
    private final Path folder;
    private final GuestShell shell;
    private final LinkedBlockingQueue<MachineEvent> events = new LinkedBlockingQueue<>();
    private final CompletableFuture<MachineEnd> end = new CompletableFuture<>();

    private HotPlugScenario(Path kernel, Path initrd, Path folder) throws IOException, InterruptedException {
        this.folder = folder;
        Path serial = folder.resolve("serial");
        MachineConfig config = MachinePlanner.plan(
                new MachineRequest(
                        "hot-plug",
                        512L << 20,
                        1,
                        0,
                        LoopOptions.standard(),
                        new Boot.Kernel(kernel, Optional.of(initrd), "console=ttyS0 quiet panic=-1"),
                        VirtioTransport.TRANSITIONAL,
                        List.of(Controller.ANY),
                        List.of(unit("busy", OptionalInt.empty())),
                        new SerialConfig.UnixSocket(serial),
                        Optional.empty(),
                        false,
                        false,
                        List.of()),
                HostLimits.ofThisHost());
        machine = new MachineRunner(config, sentence -> say("fact trouble " + sentence), runner -> {
            throw new IllegalStateException("There is no control socket.");
        });
        machine.listen(events::add);
        Thread.ofPlatform().name("runner").start(() -> {
            try {
                end.complete(machine.run());
            } catch (Throwable failure) {
                end.completeExceptionally(failure);
            }
        });
        try {
            shell = GuestShell.connect(serial);
        } catch (IOException noGuest) {
            // Where processors are emulated, some die; the sentence says so.
            say("fact end " + end.getNow(new MachineEnd.Stopped()));
            throw noGuest;
        }
    }

    public static void main(String[] arguments) throws Exception {
        Path folder = Files.createTempDirectory("hot-plug-");
        HotPlugScenario scenario = new HotPlugScenario(Path.of(arguments[0]), Path.of(arguments[1]), folder);
        int units = Integer.parseInt(arguments[2]);
        int functions = Integer.parseInt(arguments[3]);
        try {
            scenario.run(units, functions);
        } catch (Throwable failure) {
            say("fact failure " + failure);
            say(scenario.shell.run("ls /sys/block /sys/bus/pci/devices; dmesg | tail -n 40"));
            failure.printStackTrace();
        } finally {
            scenario.machine.quit();
            say("fact end " + scenario.end.get(EVENT_SECONDS, TimeUnit.SECONDS));
            clear(folder);
        }
        System.exit(0);
    }

    private static void clear(Path folder) throws IOException {
        try (var files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(folder);
    }

    private static void say(String line) {
        System.out.println(line);
        System.out.flush();
    }

    private void run(int units, int functions) throws Exception {
        fact("busy", shell.run("appears busy"));
        oneOfEach();
        wholeSlot();
        wholeController();
        sizes();
        faults();
        cycles(units, functions);
    }

    private static void fact(String name, String value) {
        say("fact " + name + " " + value);
    }

    private static Disk disk(String id, Bus bus, OptionalInt controller, Virtio virtio) {
        return new Disk(
                Optional.of(id),
                MachineRequest.Kind.DISK,
                BlockOptions.of("null:64M", false),
                Optional.of(id),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                512,
                OptionalInt.empty(),
                false,
                OptionalInt.empty(),
                bus,
                controller,
                Optional.<NumberRange>empty(),
                Optional.<NumberRange>empty(),
                virtio,
                DiskPolicy.DEFAULT);
    }

    private static Disk unit(String id, OptionalInt controller) {
        return disk(id, Bus.SCSI, controller, Virtio.ANY);
    }

    private static Disk function(String id, OptionalInt slot, OptionalInt function) {
        return disk(id, Bus.VIRTIO, OptionalInt.empty(), at(slot, function));
    }

    private static Virtio at(OptionalInt slot, OptionalInt function) {
        return new Virtio(
                new Place(slot, function),
                Virtio.ANY.transport(),
                Virtio.ANY.queues(),
                Virtio.ANY.iothreads(),
                Virtio.ANY.rings());
    }

    private static Controller controller(OptionalInt slot) {
        Controller any = Controller.ANY;
        return new Controller(
                OptionalInt.empty(),
                at(slot, OptionalInt.empty()),
                any.queueSize(),
                any.cmdPerLun(),
                any.maxSectors(),
                any.segMax());
    }

    /** Makes an image that says whose it is, and a node of it. */
    private String node(String id) throws IOException {
        Path image = folder.resolve(id + ".img");
        byte[] content = new byte[IMAGE_BYTES];
        byte[] text = ("content of " + id).getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(text, 0, content, 0, text.length);
        Files.write(image, content);
        machine.addNode(new NodeConfig("node-" + id, BlockOptions.of(image.toString(), false), DiskPolicy.DEFAULT));
        return "node-" + id;
    }

    private void plug(Disk disk) throws IOException {
        machine.plug(disk, node(disk.id().orElseThrow()));
    }

    /** Waits until a device is gone, and closes its image. */
    private void awaitDeleted(String id) throws Exception {
        await(new MachineEvent.DeviceDeleted(id));
        machine.removeNode("node-" + id);
        Files.delete(folder.resolve(id + ".img"));
    }

    private void await(MachineEvent wanted) throws InterruptedException {
        List<MachineEvent> others = new ArrayList<>();
        while (true) {
            MachineEvent event = events.poll(EVENT_SECONDS, TimeUnit.SECONDS);
            if (event == null) {
                throw new IllegalStateException("No " + wanted + ", only " + others);
            }
            if (event.equals(wanted)) {
                return;
            }
            others.add(event);
        }
    }

    /** What the guest finds on a disk that has come; sets the guest's variable to its name. */
    private String seen(String id) throws IOException {
        return shell.run("appears " + id);
    }

    private void comeAndGo(Disk disk) throws Exception {
        String id = disk.id().orElseThrow();
        plug(disk);
        check(seen(id).equals("content of " + id), "the content of " + id);
        machine.unplug(id);
        awaitDeleted(id);
        shell.run("vanishes $name");
    }

    private static void check(boolean holds, String what) {
        if (!holds) {
            throw new IllegalStateException("Not so: " + what + ".");
        }
    }

    private void oneOfEach() throws Exception {
        plug(unit("lun", OptionalInt.empty()));
        fact("lun.content", seen("lun"));
        machine.unplug("lun");
        awaitDeleted("lun");
        shell.run("vanishes $name");
        fact("lun.gone", shell.run("found lun || echo gone"));

        plug(function("blk", OptionalInt.empty(), OptionalInt.empty()));
        fact("blk.content", seen("blk"));
        machine.unplug("blk");
        fact("blk.again", refusal(() -> machine.unplug("blk")));
        awaitDeleted("blk");
        shell.run("vanishes $name");
        fact("blk.gone", shell.run("found blk || echo gone"));

        comeAndGo(unit("lun", OptionalInt.empty()));
        comeAndGo(function("blk", OptionalInt.empty(), OptionalInt.empty()));
    }

    private static String refusal(Runnable action) {
        try {
            action.run();
            return "(not refused)";
        } catch (RuntimeException refused) {
            return String.valueOf(refused.getMessage());
        }
    }

    private void wholeSlot() throws Exception {
        for (int number = 7; number >= 0; number--) {
            plug(function("f" + number, OptionalInt.of(20), OptionalInt.of(number)));
        }
        StringBuilder contents = new StringBuilder();
        for (int number = 0; number < 8; number++) {
            String content = seen("f" + number);
            check(!content.isEmpty(), "function " + number + " is seen");
            contents.append(content).append(';');
        }
        fact("slot.content", contents.toString());
        machine.unplug("f3");
        for (int number = 0; number < 8; number++) {
            awaitDeleted("f" + number);
        }
        fact("slot.left", shell.run("ls -d /sys/bus/pci/devices/0000:00:14.* 2>/dev/null | wc -l"));
    }

    private void wholeController() throws Exception {
        machine.plug(controller(OptionalInt.empty()), "hba");
        OptionalInt index =
                OptionalInt.of(machine.config().controller("hba").orElseThrow().index());
        plug(unit("behind", index));
        fact("controller.content", seen("behind"));
        machine.unplug("hba");
        awaitDeleted("behind");
        await(new MachineEvent.DeviceDeleted("hba"));
        shell.run("vanishes $name");
        fact("controller.gone", shell.run("found behind || echo gone"));
    }

    private void sizes() throws Exception {
        plug(unit("lun", OptionalInt.empty()));
        plug(function("blk", OptionalInt.empty(), OptionalInt.empty()));
        seen("lun");
        seen("blk");
        machine.resize("node-lun", 2L * IMAGE_BYTES);
        machine.resize("node-blk", 2L * IMAGE_BYTES);
        int sectors = 2 * IMAGE_BYTES / 512;
        fact("resize", shell.run("grows lun " + sectors + " && grows blk " + sectors + " && echo seen"));
        machine.unplug("lun");
        machine.unplug("blk");
        awaitDeleted("lun");
        awaitDeleted("blk");
        shell.run("found blk && vanishes $name");
    }

    /** A program in the guest waits for a read that is not answered; its result is to be in /tmp/lost. */
    private void loseOne() throws Exception {
        machine.inject("lun", faults -> faults.loseResponses(1));
        shell.run("reads 0 >/tmp/lost & pid=$!");
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(EVENT_SECONDS);
        while (machine.faults("lun").orElseThrow().lost() > 0) {
            check(System.nanoTime() < deadline, "a command has been lost");
            Thread.sleep(10);
        }
    }

    /** Things go wrong in a logical unit, as they would in a real one, and right again. */
    private void faults() throws Exception {
        plug(unit("lun", OptionalInt.empty()));
        seen("lun");
        machine.inject("lun", faults -> faults.failRange(8 * 512, 512, Errno.EIO));
        fact("fault.medium", shell.run("reads 0; reads 1"));
        machine.inject("lun", FaultInjection::clear);
        fact("fault.cleared", shell.run("reads 1"));
        machine.inject("lun", faults -> faults.busy(3));
        fact("fault.busy", shell.run("reads 0"));
        // Linux's driver waits for ever, unless somebody has the disk reset.
        loseOne();
        fact("fault.lost", shell.run("sg_reset --device /dev/$name >/dev/null; wait $pid; cat /tmp/lost"));
        loseOne();
        machine.inject("lun", FaultInjection::clear);
        fact("fault.found", shell.run("wait $pid; cat /tmp/lost"));
        fact("fault.left", String.valueOf(machine.faults("lun").orElseThrow().equals(FaultInjection.State.NONE)));
        machine.unplug("lun");
        awaitDeleted("lun");
        shell.run("vanishes $name");
    }

    /**
     * Disks come and go again and again, with I/O on another one; what the process holds afterwards is what it held.
     */
    private void cycles(int units, int functions) throws Exception {
        comeAndGo(unit("lun", OptionalInt.empty()));
        comeAndGo(function("blk", OptionalInt.empty(), OptionalInt.empty()));
        found("begin");
        shell.run("found busy; busy=$name");
        shell.run("sh -c 'while dd if=/dev/'$busy' of=/dev/null bs=64k count=256 iflag=direct 2>/dev/null; do :;"
                + " done; echo failed >/tmp/busy' & busy_pid=$!");
        long begin = System.nanoTime();
        for (int i = 0; i < units; i++) {
            comeAndGo(unit("lun" + i, OptionalInt.empty()));
        }
        fact("units.seconds", Long.toString(TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - begin)));
        begin = System.nanoTime();
        for (int i = 0; i < functions; i++) {
            comeAndGo(function("blk" + i, OptionalInt.empty(), OptionalInt.empty()));
        }
        fact("functions.seconds", Long.toString(TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - begin)));
        fact("busy.errors", shell.run("[ -e /tmp/busy ] && echo some || echo none"));
        shell.run("kill $busy_pid");
        found("end");
    }

    /** Tells what the process holds. */
    private static void found(String when) throws IOException, InterruptedException {
        for (int i = 0; i < 3; i++) {
            System.gc();
            Thread.sleep(200);
        }
        Runtime runtime = Runtime.getRuntime();
        fact(when + ".heap.kib", Long.toString((runtime.totalMemory() - runtime.freeMemory()) >> 10));
        fact(when + ".threads", Integer.toString(Thread.getAllStackTraces().size()));
        try (var files = Files.list(Path.of("/proc/self/fd"))) {
            fact(when + ".files", Long.toString(files.count()));
        }
    }
}
