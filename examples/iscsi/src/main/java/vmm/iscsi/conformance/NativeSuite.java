package vmm.iscsi.conformance;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import vmm.block.BlockDevice;
import vmm.block.ThrottleGroup;
import vmm.block.ThrottleLimits;
import vmm.block.ThrottleLimits.Rate;
import vmm.block.ThrottledDisk;
import vmm.event.EventLoop;
import vmm.event.EventLoops;
import vmm.iscsi.IscsiServer;
import vmm.iscsi.LunOptions;
import vmm.linux.HostException;
import vmm.scsi.ScsiTarget;
import vmm.scsi.primary.PrimaryUnits;

/** Runs tests over iSCSI on this machine, each against a target of its own. */
final class NativeSuite {
    private static final String NAME = "iqn.2026-01.vmm:conformance";

    /** Of the disk, in bytes. */
    private static final long SIZE = 64 << 20;

    static final String SLOW_TEST = "Sanitize.Reset";

    private static final int SLOW_SECONDS = 15;

    private NativeSuite() {}

    /**
     * Runs a test; if it skips itself for want of another kind of disk, once more with that. Any thread may call.
     *
     * @param configuration what to begin with
     */
    static Result run(SuiteTest test, Configuration configuration) {
        // What has to go on through resets must not have ended before.
        boolean slow = test.toString().equals(SLOW_TEST);
        Result result = runOnce(test, slow ? Configuration.SLOW : configuration);
        return result.verdict().outcome() == Verdict.Outcome.SKIPPED
                ? Configuration.askedFor(result.verdict().reason())
                        .map(other -> runOnce(test, other))
                        .orElse(result)
                : result;
    }

    private static Result runOnce(SuiteTest test, Configuration configuration) {
        if (!configuration.inFile()) {
            return runOnce(test, configuration, "mem:" + SIZE);
        }
        try {
            Path file = Files.createTempFile(Path.of("/dev/shm"), "conformance", ".img");
            try (RandomAccessFile content = new RandomAccessFile(file.toFile(), "rw")) {
                content.setLength(SIZE);
                return runOnce(test, configuration, "file=" + file);
            } finally {
                Files.delete(file);
            }
        } catch (IOException trouble) {
            throw new HostException("Cannot make an image in /dev/shm (" + trouble.getMessage() + ").", trouble);
        }
    }

    private static Result runOnce(SuiteTest test, Configuration configuration, String source) {
        LunOptions options = LunOptions.parse(source + configuration.options());
        // Two loops, so that the two paths of one test meet as those of two machines would.
        try (EventLoop loop = EventLoops.start("loop-0");
                EventLoop other = EventLoops.start("loop-1");
                BlockDevice medium = open(options, configuration)) {
            ScsiTarget target = new ScsiTarget(PrimaryUnits.SHARED);
            target.attach(0, options.unit(medium, "conformance"));
            InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
            try (IscsiServer server = new IscsiServer(any, NAME, target, List.of(loop, other))) {
                String url = "iscsi://127.0.0.1:" + server.port() + "/" + NAME + "/0";
                TestClient.Run run = TestClient.run(test, List.of(url, url));
                return new Result(test, configuration, run.verdict().judgedBy(Disputes.about(test)), run.output());
            }
        }
    }

    private static BlockDevice open(LunOptions options, Configuration configuration) {
        BlockDevice medium = options.open();
        if (configuration != Configuration.SLOW) {
            return medium;
        }
        Rate bytes = Rate.of(SIZE / SLOW_SECONDS);
        return new ThrottledDisk(
                medium,
                new ThrottleGroup(new ThrottleLimits(bytes, Rate.NONE, Rate.NONE, Rate.NONE, Rate.NONE, Rate.NONE, 0)));
    }
}
