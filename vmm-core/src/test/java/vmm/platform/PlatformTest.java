package vmm.platform;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import vmm.bus.Bus;

/** The keyboard controller, the reset ports and the debug exit, as the guest reaches them on the port bus. */
class PlatformTest {
    private final List<String> resets = new ArrayList<>();
    private final List<Integer> exits = new ArrayList<>();
    private final Bus ports = new Bus();
    private final I8042 keyboard = new I8042(resets::add);
    private final ResetPort resetPort = new ResetPort(resets::add);
    private final Port92 port92 = new Port92(resets::add);

    PlatformTest() {
        keyboard.attach(ports);
        resetPort.attach(ports);
        port92.attach(ports);
        new DebugExit(exits::add).attach(ports);
    }

    private int in(int port) {
        return (int) ports.read(port, 1);
    }

    private void out(int port, int value) {
        ports.write(port, 1, value);
    }

    @Test
    void theKeyboardControllerResetsByItsPulseCommand() {
        out(0x64, 0xFE);
        assertEquals(List.of("the keyboard controller (port 0x64)"), resets);
    }

    @Test
    void aPulseOfOtherLinesDoesNotReset() {
        out(0x64, 0xFD);
        out(0x64, 0xFF);
        assertEquals(List.of(), resets);
    }

    @Test
    void theKeyboardControllersOutputPortResets() {
        out(0x64, 0xD1);
        out(0x60, 0xDF);
        assertEquals(List.of(), resets);
        out(0x64, 0xD1);
        out(0x60, 0xDE);
        assertEquals(List.of("the keyboard controller's output port (port 0x60)"), resets);
    }

    @Test
    void theSelfTestPasses() {
        assertEquals(0x10, in(0x64));
        out(0x64, 0xAA);
        assertEquals(0x1D, in(0x64), "a byte is there, the last write was a command, the test has passed");
        assertEquals(0x55, in(0x60));
        assertEquals(0x1C, in(0x64));
    }

    @Test
    void theConfigurationByteIsKept() {
        out(0x64, 0x60);
        out(0x60, 0x47);
        out(0x64, 0x20);
        assertEquals(0x47, in(0x60));
        out(0x64, 0xAD);
        out(0x64, 0x20);
        assertEquals(0x57, in(0x60), "the keyboard is off");
        out(0x64, 0xA7);
        out(0x64, 0x20);
        assertEquals(0x77, in(0x60), "so is the mouse");
        out(0x64, 0xAE);
        out(0x64, 0xA8);
        out(0x64, 0x20);
        assertEquals(0x47, in(0x60));
    }

    @Test
    void aProbeForAMouseEndsAtOnce() {
        out(0x64, 0xD3);
        out(0x60, 0x5A);
        assertEquals(0x01, in(0x64) & 0x21, "an answer, but not from an auxiliary port");
        assertEquals(0x5A, in(0x60));
        out(0x64, 0xA9);
        assertEquals(0x01, in(0x60), "clock stuck");
    }

    @Test
    void bytesForTheKeyboardAreSwallowed() {
        out(0x60, 0xED);
        assertEquals(0x10, in(0x64));
        out(0x64, 0xD4);
        out(0x60, 0xFF);
        assertEquals(0x10, in(0x64));
    }

    @Test
    void addressLineTwentyIsAlwaysOpen() {
        out(0x92, 0x00);
        assertEquals(0x02, in(0x92));
        out(0x64, 0xD1);
        out(0x60, 0x01);
        out(0x64, 0xD0);
        assertEquals(0x03, in(0x60));
    }

    @Test
    void portNinetyTwoResetsOnTheRisingEdge() {
        out(0x92, 0x03);
        out(0x92, 0x03);
        assertEquals(List.of("the system control port (port 0x92)"), resets);
        out(0x92, 0x02);
        out(0x92, 0x03);
        assertEquals(2, resets.size());
    }

    @Test
    void theResetControlRegisterResetsOnTheRisingEdge() {
        out(0xCF9, 0x02);
        assertEquals(0x02, in(0xCF9));
        assertEquals(List.of(), resets);
        out(0xCF9, 0x06);
        assertEquals(List.of("the reset control register (port 0xCF9)"), resets);
        out(0xCF9, 0x0E);
        assertEquals(1, resets.size(), "it was up already");
        resetPort.reset();
        assertEquals(0x00, in(0xCF9));
        out(0xCF9, 0x04);
        assertEquals(2, resets.size(), "a soft reset resets as well");
    }

    @Test
    void theDebugExitGivesAnOddStatus() {
        out(0xF4, 0x00);
        out(0xF4, 0x10);
        ports.write(0xF4, 4, 0x21);
        assertEquals(List.of(1, 0x21, 0x43), exits);
        assertEquals(0, in(0xF4));
    }

    @Test
    void theDebugConsoleSaysThatItIsThereAndCollectsLines() {
        List<String> lines = new ArrayList<>();
        DebugConsole console = new DebugConsole(lines::add);
        console.attach(ports);
        assertEquals(0xE9, in(0x402));
        for (char c : "one\r\n\033[2Jtwo\nthree".toCharArray()) {
            out(0x402, c);
        }
        assertEquals(List.of("one", "[2Jtwo"), lines);
        for (int i = 0; i < 5000; i++) {
            out(0x402, 'x');
        }
        out(0x402, '\n');
        assertEquals(1024, lines.getLast().length());
    }

    @Test
    void resetBringsTheKeyboardControllerBack() {
        out(0x64, 0x60);
        out(0x60, 0x47);
        out(0x64, 0xAA);
        out(0x64, 0xD1);
        keyboard.reset();
        assertEquals(0x10, in(0x64));
        out(0x60, 0x00);
        assertEquals(List.of(), resets, "the command that waited for a byte is forgotten");
        out(0x64, 0x20);
        assertEquals(0x30, in(0x60));
    }

    @Test
    void noAccessWhateverMakesThemFail() {
        var random = new Random(3);
        int[] at = {0x60, 0x64, 0x92, 0xF4, 0xCF9};
        int[] sizes = {1, 2, 4, 8};
        for (int i = 0; i < 100_000; i++) {
            int port = at[random.nextInt(at.length)];
            int size = sizes[random.nextInt(sizes.length)];
            if (random.nextBoolean()) {
                ports.read(port, size);
            } else {
                ports.write(port, size, random.nextLong());
            }
        }
        keyboard.reset();
        assertEquals(0x10, in(0x64));
    }
}
