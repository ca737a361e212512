package vmm.lab;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import vmm.lab.agent.Link;
import vmm.lab.agent.SocketAgent;
import vmm.lab.agent.StartRequest;

/** Both sides of the protocol, with real commands of this machine. */
@Timeout(120)
class AgentTest {
    private static final Duration LONG = Duration.ofSeconds(60);

    @TempDir
    Path folder;

    private SocketAgent agent;
    private LabSession session;
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @BeforeEach
    void connect() throws IOException {
        agent = new SocketAgent(folder);
        session = LabSession.open(new Link(agent.client()), null, LONG, LONG);
    }

    @AfterEach
    void disconnect() throws IOException {
        session.close();
        agent.close();
    }

    private LabCommand start(InputStream in, OutputStream stdout, String... command) throws IOException {
        RunOptions options = RunOptions.quiet().withStreams(in, stdout, err).in(folder);
        return session.start(
                new StartRequest(
                        List.of(command),
                        folder.toString(),
                        Map.of("PATH", "/usr/bin:/bin", "GREETING", "hello"),
                        StartRequest.TerminalSize.NONE),
                options);
    }

    private int run(String input, String... command) throws IOException, InterruptedException {
        return start(new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)), out, command)
                .await();
    }

    private String output() {
        return out.toString(StandardCharsets.UTF_8);
    }

    @Test
    void outputErrorsAndStatusArePassedThrough() throws Exception {
        assertEquals(3, run("", "sh", "-c", "echo $GREETING; pwd; echo oops >&2; exit 3"));
        assertEquals("hello\n" + folder + "\n", output());
        assertEquals("oops\n", err.toString(StandardCharsets.UTF_8));
    }

    @Test
    void argumentsAreNotInterpreted() throws Exception {
        assertEquals(0, run("", "printf", "%s|", "a b", "c'd", "$x", "", "ä"));
        assertEquals("a b|c'd|$x||ä|", output());
    }

    @Test
    void inputEndsWhereTheSourceEnds() throws Exception {
        assertEquals(0, run("one\ntwo\n", "wc", "-l"));
        assertEquals("2", output().strip());
    }

    @Test
    void aCommandThatDoesNotExistHasAShellsStatus() throws Exception {
        assertEquals(127, run("", "no-such-command-here"));
        assertTrue(err.toString(StandardCharsets.UTF_8).contains("no-such-command-here"));
    }

    @RepeatedTest(10)
    void aDirectoryThatDoesNotExistIsNamed() throws Exception {
        LabCommand command = session.start(
                new StartRequest(List.of("true"), "/no/such/place", Map.of(), StartRequest.TerminalSize.NONE),
                RunOptions.quiet().withStreams(InputStream.nullInputStream(), out, err));
        assertEquals(126, command.await());
        assertTrue(err.toString(StandardCharsets.UTF_8).contains("/no/such/place"));
    }

    @Test
    void theEndByASignalIsToldAsAShellTellsIt() throws Exception {
        assertEquals(128 + 9, run("", "sh", "-c", "kill -9 $$"));
    }

    @Test
    void aSignalReachesTheWholeProcessGroup() throws Exception {
        CountDownLatch ready = new CountDownLatch(1);
        OutputStream watch = new OutputStream() {
            @Override
            public void write(int b) {
                out.write(b);
                ready.countDown();
            }
        };
        LabCommand command = start(
                InputStream.nullInputStream(),
                watch,
                "sh",
                "-c",
                "trap 'wait; echo parent; exit 7' TERM; sh -c 'trap \"echo child; exit\" TERM; echo up;"
                        + " while :; do sleep 0.05; done' & wait");
        ready.await();
        command.signalQuietly(LabCommand.SIGTERM);
        assertEquals(7, command.await());
        assertEquals("up\nchild\nparent\n", output());
    }

    @Test
    void fiftyMegabytesGoThroughUnharmedInBothDirections() throws Exception {
        byte[] block = new byte[1 << 20];
        new Random(5).nextBytes(block);
        InputStream source = new InputStream() {
            private long at;

            @Override
            public int read() {
                throw new UnsupportedOperationException();
            }

            @Override
            public int read(byte[] target, int offset, int length) {
                if (at == 50L << 20) {
                    return -1;
                }
                int from = (int) (at % block.length);
                int count = Math.min(length, block.length - from);
                System.arraycopy(block, from, target, offset, count);
                at += count;
                return count;
            }
        };
        MessageDigest expected = MessageDigest.getInstance("SHA-256");
        for (int i = 0; i < 50; i++) {
            expected.update(block);
        }
        MessageDigest seen = MessageDigest.getInstance("SHA-256");
        OutputStream sink = new OutputStream() {
            @Override
            public void write(int b) {
                seen.update((byte) b);
            }

            @Override
            public void write(byte[] bytes, int offset, int length) {
                seen.update(bytes, offset, length);
            }
        };
        assertEquals(0, start(source, sink, "cat").await());
        assertArrayEquals(expected.digest(), seen.digest(), HexFormat.of().formatHex(seen.digest()));
    }

    @Test
    void outputThatNobodyTakesStopsItsCommandAndNoOther() throws Exception {
        CountDownLatch open = new CountDownLatch(1);
        long[] taken = {0};
        OutputStream gate = new OutputStream() {
            @Override
            public void write(int b) {
                throw new UnsupportedOperationException();
            }

            @Override
            public void write(byte[] bytes, int offset, int length) throws IOException {
                try {
                    open.await();
                } catch (InterruptedException e) {
                    throw new IOException(e);
                }
                taken[0] += length;
            }
        };
        LabCommand stuck = start(InputStream.nullInputStream(), gate, "head", "-c", "4000000", "/dev/zero");
        for (int i = 0; i < 3; i++) {
            assertEquals(0, run("", "echo", "free"));
        }
        assertFalse(stuck.await(Duration.ofMillis(200)));
        open.countDown();
        assertEquals(0, stuck.await());
        assertEquals(4_000_000, taken[0]);
    }

    @Test
    void aReaderThatGoesAwayEndsAnEndlessCommand() throws Exception {
        OutputStream broken = new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException("Broken pipe");
            }
        };
        assertEquals(
                128 + LabCommand.SIGPIPE,
                start(InputStream.nullInputStream(), broken, "yes").await());
    }

    @Test
    void manyCommandsRunSideBySide() throws Exception {
        List<LabCommand> commands = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            commands.add(start(
                    InputStream.nullInputStream(),
                    OutputStream.nullOutputStream(),
                    "sh",
                    "-c",
                    "sleep 0.3; exit " + i));
        }
        for (int i = 0; i < 12; i++) {
            assertEquals(i, commands.get(i).await());
        }
    }

    @Test
    void aChildLeftBehindWithTheOutputOpenHoldsNobodyUp() throws Exception {
        long begin = System.nanoTime();
        assertEquals(0, run("", "sh", "-c", "sleep 30 & echo done"));
        assertEquals("done\n", output());
        assertTrue(System.nanoTime() - begin < Duration.ofSeconds(20).toNanos());
    }

    @Test
    void commandsEndWithTheirClient() throws Exception {
        Path mark = folder.resolve("mark");
        start(
                InputStream.nullInputStream(),
                out,
                "sh",
                "-c",
                "trap 'echo gone >" + mark + "; exit' HUP; echo >" + mark + ".up; while :; do sleep 0.05; done");
        waitFor(Path.of(mark + ".up"));
        session.close();
        waitFor(mark);
    }

    @Test
    void nothingIsLeftInTheScratchFolder() throws Exception {
        assertEquals(0, run("", "true"));
        assertEquals(
                126,
                session.start(
                                new StartRequest(List.of("true"), "/no/such", Map.of(), StartRequest.TerminalSize.NONE),
                                RunOptions.quiet())
                        .await());
        try (Stream<Path> files = Files.list(folder)) {
            assertEquals(List.of(folder.resolve("socket")), files.toList());
        }
    }

    private static void waitFor(Path file) throws InterruptedException {
        while (!Files.exists(file)) {
            Thread.sleep(20);
        }
    }
}
