package vmm.iscsi;

import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import vmm.block.BlockDevice;
import vmm.event.EventLoop;
import vmm.event.EventLoops;
import vmm.linux.HostException;
import vmm.scsi.ScsiTarget;
import vmm.scsi.primary.PrimaryUnits;

/** {@code examples/iscsi/serve}: lets any initiator try the SCSI target. */
@Command(
        name = "serve",
        mixinStandardHelpOptions = true,
        usageHelpAutoWidth = true,
        description = {
            "Puts disks behind iSCSI until Ctrl-C. Each --disk is the next LUN of one target.",
            "There is no authentication: whoever reaches the port can read and write the disks."
        },
        footer = {
            "",
            "Keys of --disk: file=PATH (or null:SIZE, mem:SIZE), readonly, removable,"
                    + " logical-block=512|4096, physical-block=BYTES.",
            "",
            "Examples:",
            "  examples/iscsi/serve --disk mem:1G",
            "  examples/iscsi/serve --port 3261 --disk file=disk.img,physical-block=4096 --disk mem:64M,readonly",
            "and then, for example: qemu-img info iscsi://127.0.0.1:3260/IQN/0"
        })
public final class Serve implements Callable<Integer> {
    private static final String NAME = "iqn.2026-01.vmm:target";

    /** The command before its options are read. */
    public Serve() {}

    @Option(names = "--disk", required = true, paramLabel = "DISK", description = "A disk; as many as you like.")
    private List<String> disks = new ArrayList<>();

    @Option(names = "--address", paramLabel = "HOST", description = "Where to listen (127.0.0.1 if left out).")
    private String address = "127.0.0.1";

    @Option(names = "--port", paramLabel = "N", description = "On which port (3260 if left out; 0: any).")
    private int port = 3260;

    @Option(names = "--iqn", paramLabel = "NAME", description = "The target's name (" + NAME + " if left out).")
    private String name = NAME;

    /** Runs the command line. */
    public static void main(String[] args) {
        System.exit(Program.run(new Serve(), args));
    }

    @Override
    public Integer call() throws InterruptedException {
        List<LunOptions> options = disks.stream().map(LunOptions::parse).toList();
        InetSocketAddress where = new InetSocketAddress(address, port);
        if (where.isUnresolved()) {
            throw new HostException("There is no host " + address + "; give an address of this machine's.");
        }
        CountDownLatch interrupted = new CountDownLatch(1);
        CountDownLatch down = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            interrupted.countDown();
            awaitQuietly(down);
        }));
        List<BlockDevice> media = new ArrayList<>();
        try (EventLoop loop = EventLoops.start("iscsi-loop")) {
            ScsiTarget target = new ScsiTarget(PrimaryUnits.SHARED);
            for (int lun = 0; lun < options.size(); lun++) {
                BlockDevice medium = options.get(lun).open();
                media.add(medium);
                target.attach(lun, options.get(lun).unit(medium, "lun" + lun));
            }
            try (IscsiServer server = new IscsiServer(where, name, target, List.of(loop))) {
                System.out.println("Portal " + server.address().getHostAddress() + ":" + server.port() + ", target "
                        + name + ", LUN 0" + (media.size() > 1 ? " to " + (media.size() - 1) : "")
                        + "; Ctrl-C ends it.");
                interrupted.await();
            }
        } finally {
            media.forEach(BlockDevice::close);
            down.countDown();
        }
        return 0;
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
    }
}
