package vmm.iscsi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import vmm.block.BlockDevice;
import vmm.block.BlockDevices;
import vmm.event.EventLoop;
import vmm.event.EventLoops;
import vmm.scsi.DiskIdentity;
import vmm.scsi.ScsiTarget;
import vmm.scsi.block.DiskGeometry;
import vmm.scsi.block.ScsiDisk;
import vmm.scsi.primary.PrimaryUnits;

class IscsiServerTest {
    private static final String TEST_UNIT_READY = "00 00 00 00 00 00";
    private static final int STATUS = 3;

    private final EventLoop loop = EventLoops.start("iscsi-test-0");
    private final EventLoop other = EventLoops.start("iscsi-test-1");
    private final BlockDevice medium = BlockDevices.open("mem:1M", false);
    private final IscsiServer server = start();

    private IscsiServer start() {
        ScsiTarget units = new ScsiTarget(PrimaryUnits.SHARED);
        units.attach(0, new ScsiDisk(medium, DiskIdentity.DEFAULT, DiskGeometry.DEFAULT, true));
        return new IscsiServer(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), Peer.TARGET, units, List.of(loop, other));
    }

    @AfterEach
    void stop() {
        server.close();
        loop.close();
        other.close();
        medium.close();
    }

    /** An initiator's connection. */
    private final class Link implements AutoCloseable {
        private final Socket socket = new Socket(server.address(), server.port());
        private final PduReader reader = new PduReader(socket.getInputStream());
        private final PduWriter writer = new PduWriter(socket.getOutputStream());
        private int cmdSn = 1;

        Link(String initiator, int isid) throws IOException {
            socket.setSoTimeout(10_000);
            Pdu login = Pdu.of(Opcode.LOGIN_REQUEST)
                    .set8(0, Opcode.LOGIN_REQUEST | 0x40)
                    .set8(1, 0x80 | 1 << 2 | 3)
                    .set32(10, isid)
                    .set32(24, cmdSn);
            writer.write(login.data(TextKeys.format(Map.of("InitiatorName", initiator, "TargetName", Peer.TARGET))));
            Pdu answer = reader.read();
            assertNotNull(answer);
            assertEquals(0, answer.get16(36));
        }

        int status(int tag) throws IOException {
            writer.write(Peer.command(tag, 0, TEST_UNIT_READY).set32(24, cmdSn++));
            Pdu answer = reader.read();
            assertNotNull(answer);
            assertEquals(tag, answer.initiatorTaskTag());
            return answer.get8(STATUS);
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    @Test
    void eachSessionIsANexusOfItsOwn() throws IOException {
        try (Link one = new Link("a", 1);
                Link two = new Link("a", 2)) {
            assertEquals(2, one.status(1), "power on");
            assertEquals(0, one.status(2));
            assertEquals(2, two.status(1), "power on");
            assertEquals(0, two.status(2));
        }
    }

    @Test
    void aLoginOfTheSamePortEndsItsFormerSession() throws IOException {
        try (Link former = new Link("a", 1)) {
            assertEquals(2, former.status(1));
            try (Link latter = new Link("a", 1)) {
                assertNull(former.reader.read());
                assertEquals(2, latter.status(1));
                assertEquals(0, latter.status(2));
            }
        }
    }

    @Test
    void theServerEndsAllConnections() throws IOException {
        try (Link link = new Link("a", 1)) {
            server.close();

            assertNull(link.reader.read());
        }
    }
}
