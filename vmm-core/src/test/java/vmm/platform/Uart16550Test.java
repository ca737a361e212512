package vmm.platform;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import vmm.bus.Bus;

@Timeout(30)
class Uart16550Test {
    private static final int RBR = 0;
    private static final int THR = 0;
    private static final int IER = 1;
    private static final int IIR = 2;
    private static final int FCR = 2;
    private static final int LCR = 3;
    private static final int MCR = 4;
    private static final int LSR = 5;
    private static final int MSR = 6;
    private static final int SCR = 7;

    private final ByteArrayOutputStream sent = new ByteArrayOutputStream();
    private boolean level;
    private int edges;
    private final Uart16550 uart = new Uart16550(this::line, (data, length) -> sent.write(data, 0, length));

    private void line(boolean to) {
        if (to && !level) {
            edges++;
        }
        level = to;
    }

    private int in(int register) {
        return (int) uart.read(register, 1);
    }

    private void out(int register, int value) {
        uart.write(register, 1, value);
    }

    private int receive(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        return uart.receive(bytes, 0, bytes.length);
    }

    @Test
    void whatIsWrittenIsSentInOrder() {
        for (char c : "hello".toCharArray()) {
            out(THR, c);
            assertEquals(0x60, in(LSR), "idle again");
        }
        assertEquals("hello", sent.toString(StandardCharsets.US_ASCII));
    }

    @Test
    void registersHaveTheirResetValues() {
        assertReset();
    }

    private void assertReset() {
        assertEquals(0x00, in(IER));
        assertEquals(0x01, in(IIR));
        assertEquals(0x00, in(LCR));
        assertEquals(0x00, in(MCR));
        assertEquals(0x60, in(LSR));
        assertEquals(0xB0, in(MSR));
    }

    @Test
    void theDivisorLatchHidesBehindDlab() {
        out(LCR, 0x83);
        out(0, 0x34);
        out(1, 0x12);
        assertEquals(0x34, in(0));
        assertEquals(0x12, in(1));
        out(LCR, 0x03);
        assertEquals(0, in(IER));
        assertEquals(0, sent.size());
    }

    @Test
    void theScratchRegisterKeepsAByte() {
        out(SCR, 0xA5);
        assertEquals(0xA5, in(SCR));
    }

    @Test
    void unusedBitsReadAsZero() {
        out(IER, 0xFF);
        assertEquals(0x0F, in(IER));
        out(MCR, 0xEF);
        assertEquals(0x0F, in(MCR));
    }

    @Test
    void theIdentificationTellsWhetherFifosAreOn() {
        out(FCR, 0x01);
        assertEquals(0xC1, in(IIR));
        out(FCR, 0x00);
        assertEquals(0x01, in(IIR));
    }

    @Test
    void enablingTheTransmitterInterruptRaisesItEachTime() {
        out(IER, 0x02);
        assertTrue(level);
        assertEquals(0x02, in(IIR), "reading it clears it");
        assertFalse(level);
        assertEquals(0x01, in(IIR));
        out(IER, 0x00);
        out(IER, 0x02);
        assertTrue(level);
        assertEquals(0x02, in(IIR));
    }

    @Test
    void everyByteSentGivesAnEdge() {
        out(IER, 0x02);
        for (int i = 0; i < 20; i++) {
            out(THR, i);
        }
        assertEquals(21, edges);
        assertTrue(level);
    }

    @Test
    void withoutFifosOneByteIsTaken() {
        assertEquals(1, receive("ab"));
        assertEquals(0, receive("b"));
        assertEquals('a', in(RBR));
        assertEquals(1, receive("b"));
    }

    @Test
    void withFifosSixteenBytesAreTaken() {
        out(FCR, 0x01);
        assertEquals(16, receive("0123456789abcdefX"));
        for (char c : "0123456789abcdef".toCharArray()) {
            assertEquals(0x61, in(LSR));
            assertEquals(c, in(RBR));
        }
        assertEquals(0x60, in(LSR));
        assertEquals(0, in(RBR));
    }

    @Test
    void aFifoBelowItsTriggerLevelTimesOut() {
        out(FCR, 0x81);
        out(IER, 0x01);
        receive("1234567");
        assertTrue(level);
        assertEquals(0xCC, in(IIR));
        receive("8");
        assertEquals(0xC4, in(IIR));
        in(RBR);
        assertEquals(0xCC, in(IIR));
        for (int i = 0; i < 7; i++) {
            assertTrue(level);
            in(RBR);
        }
        assertFalse(level);
        assertEquals(0xC1, in(IIR));
    }

    @Test
    void interruptsAreIdentifiedByPriority() {
        out(IER, 0x0F);
        out(MCR, 0x10);
        out(THR, 'a');
        out(THR, 'b');
        assertEquals(0x06, in(IIR), "overrun first");
        assertEquals(0x63, in(LSR));
        assertEquals(0x61, in(LSR), "reading the status clears the overrun");
        assertEquals(0x04, in(IIR), "then data");
        assertEquals('b', in(RBR), "the newest, as without FIFOs");
        assertEquals(0x02, in(IIR), "then the transmitter");
        assertEquals(0x00, in(IIR), "then the modem");
        assertEquals(0x0B, in(MSR));
        assertEquals(0x01, in(IIR));
        assertFalse(level);
    }

    @Test
    void anOverrunFifoKeepsTheOldBytes() {
        out(FCR, 0x01);
        out(MCR, 0x10);
        for (int i = 0; i < 17; i++) {
            out(THR, i);
        }
        assertEquals(0x63, in(LSR));
        for (int i = 0; i < 16; i++) {
            assertEquals(i, in(RBR));
        }
        assertEquals(0x60, in(LSR));
        assertEquals(0, sent.size(), "nothing leaves in loopback");
    }

    @Test
    void loopbackWiresTheModemLines() {
        int[][] wires = {{0x01, 0x20}, {0x02, 0x10}, {0x04, 0x40}, {0x08, 0x80}, {0x0A, 0x90}, {0x0F, 0xF0}};
        for (int[] wire : wires) {
            out(MCR, 0x10 | wire[0]);
            assertEquals(wire[1], in(MSR) & 0xF0);
        }
        out(MCR, 0x10);
        in(MSR);
        out(MCR, 0x1F);
        assertEquals(0xFB, in(MSR), "the ring indicator counts at its trailing edge");
        out(MCR, 0x10);
        assertEquals(0x0F, in(MSR));
        assertEquals(0x00, in(MSR));
    }

    @Test
    void theFifoControlRegisterEmptiesTheReceiver() {
        out(FCR, 0x01);
        out(IER, 0x01);
        receive("abc");
        out(FCR, 0x03);
        assertEquals(0x60, in(LSR));
        assertFalse(level);
        receive("abc");
        out(FCR, 0x00);
        assertEquals(0x60, in(LSR), "so does switching the FIFOs off");
    }

    @Test
    void inputWaitsWhileInLoopback() {
        out(MCR, 0x10);
        var told = new AtomicInteger();
        uart.onRoom(told::incrementAndGet);
        assertEquals(0, receive("x"));
        assertEquals(0, told.get());
        out(MCR, 0x00);
        assertEquals(1, told.get());
        assertEquals(1, receive("x"));
    }

    @Test
    void roomIsToldOnceTheGuestHasReadEverything() {
        out(FCR, 0x01);
        var told = new AtomicInteger();
        uart.onRoom(told::incrementAndGet);
        receive("0123456789abcdef");
        for (int i = 0; i < 16; i++) {
            in(RBR);
        }
        assertEquals(0, told.get(), "nobody was turned away");
        receive("0123456789abcdefg");
        for (int i = 0; i < 16; i++) {
            assertEquals(0, told.get());
            in(RBR);
        }
        assertEquals(1, told.get());
    }

    @Test
    void wideAccessesAreManyNarrowOnes() {
        uart.write(SCR - 1, 2, 0x5A00);
        assertEquals(0x5AB0, uart.read(MSR, 2));
        assertEquals(0xFFFFFF5AL, uart.read(SCR, 4), "nobody answers past the end");
        uart.write(SCR, 8, 0x0102030405060708L);
        assertEquals(0x08, in(SCR));
    }

    @Test
    void resetForgetsEverythingButItsConnections() {
        out(FCR, 0xC1);
        out(IER, 0x0F);
        out(MCR, 0x0B);
        receive("abc");
        uart.reset();
        assertFalse(level);
        assertReset();
        out(THR, '!');
        assertEquals("!", sent.toString(StandardCharsets.US_ASCII));
    }

    @Test
    void itAnswersOnThePortBus() {
        var ports = new Bus();
        uart.attach(ports, Uart16550.COM1);
        ports.write(0x3F8, 1, 'V');
        assertEquals(0x60, ports.read(0x3FD, 1));
        assertEquals("V", sent.toString(StandardCharsets.US_ASCII));
    }

    @Test
    void aSinkThatWaitsHoldsUpNeitherInputNorTheOtherVcpus() throws Exception {
        var entered = new CountDownLatch(1);
        var release = new CountDownLatch(1);
        var out = new ByteArrayOutputStream();
        var slow = new Uart16550(this::line, (data, length) -> {
            entered.countDown();
            try {
                release.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            out.write(data, 0, length);
        });
        slow.write(FCR, 1, 0x01);
        var vcpu = Thread.ofPlatform().start(() -> slow.write(THR, 1, 'a'));
        entered.await();
        assertEquals(0x00, slow.read(LSR, 1), "busy");
        assertEquals(1, slow.receive(new byte[] {'x'}, 0, 1));
        assertEquals('x', slow.read(RBR, 1));
        slow.write(THR, 1, 'b');
        release.countDown();
        vcpu.join();
        assertEquals("ab", out.toString(StandardCharsets.US_ASCII), "the second byte went out behind the first");
        assertEquals(0x60, slow.read(LSR, 1));
    }

    @Test
    void aPastedTextArrivesWhole() throws Exception {
        byte[] text = new byte[100_000];
        new Random(1).nextBytes(text);
        out(FCR, 0x01);
        out(IER, 0x01);
        var paste = Thread.ofPlatform().start(() -> {
            try {
                uart.receiveFully(text, 0, text.length);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        byte[] read = new byte[text.length];
        for (int i = 0; i < read.length; ) {
            if ((in(LSR) & 1) != 0) {
                read[i++] = (byte) in(RBR);
            } else {
                Thread.onSpinWait();
            }
        }
        assertTrue(paste.join(Duration.ofSeconds(10)));
        assertArrayEquals(text, read);
    }

    @Test
    void hangingUpEndsTheWaitAndTellsWhatWasTaken() throws Exception {
        out(FCR, 0x01);
        var taken = new AtomicInteger();
        var paste = Thread.ofPlatform().start(() -> {
            try {
                taken.set(uart.receiveFully(new byte[100], 0, 100));
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        while ((in(LSR) & 1) == 0) {
            Thread.onSpinWait();
        }
        uart.hangUp();
        assertTrue(paste.join(Duration.ofSeconds(10)));
        assertEquals(16, taken.get());
        assertEquals(0, receive("x"));
        assertEquals(0, uart.receiveFully(new byte[1], 0, 1));
    }

    @Test
    void aListenerMayRefillTheReceiver() {
        byte[] text =
                "The quick brown fox jumps over the lazy dog, and does so again.".getBytes(StandardCharsets.US_ASCII);
        out(FCR, 0x01);
        var given = new AtomicInteger();
        Runnable feed = () -> given.addAndGet(uart.receive(text, given.get(), text.length - given.get()));
        uart.onRoom(feed);
        feed.run();
        var read = new ByteArrayOutputStream();
        while ((in(LSR) & 1) != 0) {
            read.write(in(RBR));
        }
        assertArrayEquals(text, read.toByteArray());
    }

    /** The steps of Linux's 8250 driver that decide what chip this is, and whether its interrupts can be trusted. */
    @Test
    void aDriversProbeFindsA16550A() {
        out(IER, 0x00);
        assertEquals(0x00, in(IER) & 0x0F);
        out(IER, 0x0F);
        assertEquals(0x0F, in(IER) & 0x0F);
        out(IER, 0x00);
        out(MCR, 0x1A);
        assertEquals(0x90, in(MSR) & 0xF0);
        out(MCR, 0x00);
        out(LCR, 0xBF);
        assertNotEquals(0, in(2), "no enhanced feature register");
        out(LCR, 0x00);
        out(FCR, 0x01);
        assertEquals(3, in(IIR) >> 6);
        out(FCR, 0x07);
        out(FCR, 0x00);
        assertEquals(0x60, in(LSR));
        out(IER, 0x02);
        assertEquals(0x02, in(IIR), "transmitter empty at once");
        out(IER, 0x00);
        out(IER, 0x02);
        assertEquals(0x02, in(IIR), "and again when enabled again");
    }

    @Test
    void randomAccessesLoseNoByteAndLeaveTheLineRight() throws Exception {
        var random = new Random(42);
        var expectedOut = new ByteArrayOutputStream();
        int given = 0;
        int taken = 0;
        out(FCR, 0x01);
        for (int i = 0; i < 200_000; i++) {
            switch (random.nextInt(6)) {
                case 0 -> {
                    byte[] one = {(byte) given};
                    given += uart.receive(one, 0, 1);
                }
                case 1 -> {
                    if ((in(LSR) & 1) != 0) {
                        assertEquals(taken & 0xFF, in(RBR));
                        taken++;
                    }
                }
                case 2 -> {
                    int value = random.nextInt(256);
                    out(THR, value);
                    expectedOut.write(value);
                }
                case 3 -> out(IER, random.nextInt(256));
                case 4 -> out(new int[] {MCR, SCR, LSR, MSR}[random.nextInt(4)], random.nextInt(256) & ~0x10);
                default -> in(2 + random.nextInt(6));
            }
            boolean expected = level;
            assertEquals(expected, (in(IIR) & 1) == 0, "the line says what the identification says");
        }
        assertTrue(taken > 10_000);
        assertTrue(given - taken <= 16);
        assertArrayEquals(expectedOut.toByteArray(), sent.toByteArray());
    }

    @Test
    void noAccessWhateverMakesItFail() {
        var random = new Random(7);
        byte[] input = new byte[40];
        int[] sizes = {1, 2, 4, 8};
        for (int i = 0; i < 200_000; i++) {
            switch (random.nextInt(8)) {
                case 0 -> uart.receive(input, 0, random.nextInt(input.length));
                case 1, 2, 3 -> uart.read(random.nextInt(8), sizes[random.nextInt(4)]);
                default -> uart.write(random.nextInt(8), sizes[random.nextInt(4)], random.nextLong());
            }
        }
        uart.reset();
        assertFalse(level);
        assertReset();
    }
}
