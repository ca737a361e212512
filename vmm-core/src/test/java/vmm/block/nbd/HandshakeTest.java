package vmm.block.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static vmm.block.nbd.Nbd.*;
import static vmm.block.nbd.ScriptedServer.ALL_FLAGS;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import vmm.block.BlockDevices;
import vmm.block.nbd.ScriptedServer.Script;
import vmm.linux.HostException;

@Timeout(30)
class HandshakeTest {
    private static final long SIZE = 1 << 20;

    @TempDir
    Path folder;

    @Test
    void anExportOfTodayIsAgreedOn() throws Exception {
        NbdExport export = agreed(peer -> peer.agree(SIZE, ALL_FLAGS, true, 512, 65536, 1 << 22));
        assertEquals(new NbdExport(SIZE, ALL_FLAGS, 512, 65536, 1 << 22, true), export);
    }

    @Test
    void aServerWithoutChunksOrSizesHasTheDefaults() throws Exception {
        assertEquals(new NbdExport(SIZE, 1, 1, 4096, 1 << 25, false), agreed(peer -> peer.agree(SIZE, 1, false)));
    }

    @Test
    void noLimitOfTheServersIsALimitOfOurs() throws Exception {
        NbdExport export = agreed(peer -> peer.agree(SIZE, 1, true, 1, 4096, -1));
        assertEquals(1 << 25, export.maximumPayload());
    }

    @Test
    void aServerThatDoesNotKnowGoIsAskedByTheOldName() throws Exception {
        assertEquals(
                SIZE,
                agreed(peer -> {
                            peer.greet(NBD_FLAG_FIXED_NEWSTYLE);
                            for (int option = peer.option(); option != NBD_OPT_EXPORT_NAME; option = peer.option()) {
                                peer.optionReply(option, NBD_REP_ERR_UNSUP);
                            }
                            peer.out.writeLong(SIZE);
                            peer.out.writeShort(1);
                            peer.out.write(new byte[124]);
                        })
                        .size());
    }

    @Test
    void aServerThatKnowsOneOptionOnlyIsAskedByIt() throws Exception {
        NbdExport export = agreed(peer -> {
            peer.greet(NBD_FLAG_NO_ZEROES);
            assertEquals(NBD_OPT_EXPORT_NAME, peer.option());
            peer.out.writeLong(SIZE);
            peer.out.writeShort(NBD_FLAG_READ_ONLY);
        });
        assertTrue(export.readOnly());
        assertFalse(export.structured());
    }

    @Test
    void aServerOfTheOldStyleHasOneExport() throws Exception {
        Script old = peer -> {
            peer.out.writeLong(NBDMAGIC);
            peer.out.writeLong(CLISERV_MAGIC);
            peer.out.writeLong(SIZE);
            peer.out.writeInt(3);
            peer.out.write(new byte[124]);
        };
        assertEquals(new NbdExport(SIZE, 3), agreed(old));
        assertEquals(
                "Disk URI cannot be asked for: the server is an old one that knows no names; leave out 'data' if its"
                        + " only export is meant.",
                refusal(old, "data", ""));
    }

    @Test
    void aMissingExportIsAnsweredWithThoseThereAre() throws Exception {
        Script script = peer -> {
            peer.greet(NBD_FLAG_FIXED_NEWSTYLE | NBD_FLAG_NO_ZEROES);
            while (true) {
                int option = peer.option();
                switch (option) {
                    case NBD_OPT_STRUCTURED_REPLY -> peer.optionReply(option, NBD_REP_ACK);
                    case NBD_OPT_LIST -> {
                        peer.optionReply(option, NBD_REP_SERVER, named("system"));
                        peer.optionReply(option, NBD_REP_SERVER, named("da\u001b[31mta"));
                        peer.optionReply(option, NBD_REP_ACK);
                    }
                    default -> peer.optionReply(option, NBD_REP_ERR_UNKNOWN);
                }
            }
        };
        assertEquals(
                "Disk URI does not exist: the server has no export called 'swap', but 'system', 'da [31mta'; correct the"
                        + " name after the host.",
                refusal(script, "swap", ""));
    }

    @Test
    void refusalsAreExplained() throws Exception {
        assertContains("is only served with TLS, which this VMM does not have", refusing(NBD_REP_ERR_TLS_REQD, ""));
        assertContains("the server is shutting down", refusing(NBD_REP_ERR_SHUTDOWN, ""));
        assertContains("the server's policy forbids it (it says: not you)", refusing(NBD_REP_ERR_POLICY, "not you"));
        assertContains("the server refuses; its log may say more", refusing(NBD_REP_ERR | 77, ""));
    }

    @Test
    void whatIsNoServerIsToldSo() throws Exception {
        assertContains("does not speak NBD", refusal(peer -> peer.out.write(new byte[64]), "", ""));
        assertContains(
                "its greeting is neither old nor new",
                refusal(
                        peer -> {
                            peer.out.writeLong(NBDMAGIC);
                            peer.out.writeLong(1);
                        },
                        "",
                        ""));
        assertContains("was dropped by the server", refusal(peer -> {}, "", ""));
    }

    @Test
    void breachesOfTheProtocolAreToldFromRefusals() throws Exception {
        assertContains("it tells no size", afterGo(peer -> peer.optionReply(NBD_OPT_GO, NBD_REP_ACK)));
        assertContains("it answers another question", afterGo(peer -> peer.optionReply(NBD_OPT_LIST, NBD_REP_ACK)));
        assertContains("it answers a question with something else", afterGo(peer -> peer.optionReply(NBD_OPT_GO, 9)));
        assertContains(
                "what it tells of the export has a wrong length",
                afterGo(peer -> peer.optionReply(NBD_OPT_GO, NBD_REP_INFO, new byte[3])));
        assertContains("its reply begins with a wrong number", afterGo(peer -> peer.out.write(new byte[20])));
        assertContains("its reply has 4294967295 bytes", afterGo(peer -> {
            peer.out.writeLong(OPTION_REPLY_MAGIC);
            peer.out.writeInt(NBD_OPT_GO);
            peer.out.writeInt(NBD_REP_INFO);
            peer.out.writeInt(-1);
        }));
        assertContains("its answers never end", afterGo(peer -> {
            while (true) {
                peer.optionReply(NBD_OPT_GO, NBD_REP_INFO, new byte[] {0, 9});
            }
        }));
    }

    @Test
    void exportsThatNoDiskCanBeAreRefused() throws Exception {
        assertContains("is empty", serving(0));
        assertContains("has 1000 bytes, which no disk has", serving(1000));
        assertContains("has 18446744073709551104 bytes, which no disk has", serving(-512));
        assertContains("can only be read and written in blocks of 4096 bytes", serving(SIZE, 4096, 4096, -1));
        assertContains("block sizes of 3, 4096 and 65536", serving(SIZE, 3, 4096, 65536));
        assertContains("block sizes of 1, 4096 and 1 bytes", serving(SIZE, 1, 4096, 1));
        assertContains("block sizes of 0, 0 and 0 bytes", serving(SIZE, 0, 0, 0));
    }

    @Test
    void aReadOnlyExportMustBeWantedAsOne() throws Exception {
        Script script = peer -> peer.agree(SIZE, 1 | NBD_FLAG_READ_ONLY);
        assertContains("is exported read-only: use it readonly", refusal(script, "", ""));
    }

    @Test
    void aServerThatSaysNothingIsGivenUp() throws Exception {
        try (ScriptedServer server = new ScriptedServer(folder, peer -> peer.in.readByte())) {
            NbdAddress address = NbdAddress.parse(server.uri(""));
            NbdException late = assertThrows(NbdException.class, () -> Session.open(address, 200));
            assertContains("did not answer within", late.reason());
        }
    }

    @Test
    void aServerThatSpeaksTooSlowlyIsGivenUp() throws Exception {
        Script drip = peer -> {
            while (true) {
                peer.out.writeByte('N');
                pause();
            }
        };
        try (ScriptedServer server = new ScriptedServer(folder, drip)) {
            NbdAddress address = NbdAddress.parse(server.uri(""));
            NbdException late = assertThrows(NbdException.class, () -> Session.open(address, 300));
            assertContains("did not answer within", late.reason());
        }
    }

    @Test
    void aServerThatIsNotThereIsASentence() {
        assertEquals(
                "Disk nbd://127.0.0.1:1 cannot be reached: connection refused; start the server, or correct host and"
                        + " port.",
                message("nbd://127.0.0.1:1"));
        assertEquals(
                "Disk nbd+unix:///?socket=/nowhere cannot be reached: no such file or directory; start the server, or"
                        + " correct the path of its socket.",
                message("nbd+unix:///?socket=/nowhere"));
        assertContains("the host no.such.host.invalid is not known", message("nbd://no.such.host.invalid"));
    }

    private static void pause() throws IOException {
        try {
            Thread.sleep(100);
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    private static byte[] named(String name) {
        return ScriptedServer.bytes(server -> {
            byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
            server.writeInt(bytes.length);
            server.write(bytes);
        });
    }

    private String serving(long size, int... blockSizes) throws Exception {
        return refusal(peer -> peer.agree(size, 1, true, blockSizes), "", "");
    }

    private String refusing(int type, String words) throws Exception {
        return afterGo(peer -> peer.optionReply(NBD_OPT_GO, type, words.getBytes(StandardCharsets.UTF_8)));
    }

    private String afterGo(Script rest) throws Exception {
        Script script = peer -> {
            peer.greet(NBD_FLAG_FIXED_NEWSTYLE | NBD_FLAG_NO_ZEROES);
            assertEquals(NBD_OPT_STRUCTURED_REPLY, peer.option());
            peer.optionReply(NBD_OPT_STRUCTURED_REPLY, NBD_REP_ACK);
            assertEquals(NBD_OPT_GO, peer.option());
            rest.play(peer);
        };
        return refusal(script, "", "");
    }

    private NbdExport agreed(Script script) throws Exception {
        try (ScriptedServer server = new ScriptedServer(folder, script)) {
            Session session = Session.open(NbdAddress.parse(server.uri("")), 5000);
            session.close();
            return session.export();
        } finally {
            Files.deleteIfExists(folder.resolve("scripted.socket"));
        }
    }

    /** What a user is told, with URI for the address. */
    private String refusal(Script script, String export, String parameters) throws Exception {
        try (ScriptedServer server = new ScriptedServer(folder, script)) {
            String uri = server.uri(parameters).replace("///", "///" + export);
            return message(uri).replace(uri, "URI");
        } finally {
            Files.deleteIfExists(folder.resolve("scripted.socket"));
        }
    }

    private static String message(String uri) {
        HostException refusal = assertThrows(HostException.class, () -> BlockDevices.open(uri, false));
        return String.valueOf(refusal.getMessage());
    }

    private static void assertContains(String part, String whole) {
        assertTrue(whole.contains(part), whole);
    }
}
