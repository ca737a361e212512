package vmm.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class HelpTest {
    static Iterable<String> commands() {
        return RootCommand.names();
    }

    @ParameterizedTest
    @MethodSource("commands")
    void helpOfEveryCommandShowsAnExample(String command) {
        Vmm vmm = Vmm.execute(command, "--help");
        assertEquals(0, vmm.status(), vmm::err);
        assertTrue(vmm.out().contains("Usage: vmm " + command), vmm::out);
        assertTrue(vmm.out().contains("Example"), vmm::out);
    }

    @Test
    void helpNamesEveryCommand() {
        Vmm vmm = Vmm.execute("--help");
        assertEquals(0, vmm.status());
        assertTrue(vmm.out().contains("Example"), vmm::out);
        for (String command : commands()) {
            assertTrue(vmm.out().contains("\n  " + command + " "), () -> command + " is not in " + vmm.out());
        }
    }

    @Test
    void noCommandAtAllIsWrongUsage() {
        Vmm vmm = Vmm.execute();
        assertEquals(2, vmm.status());
        assertTrue(vmm.err().contains("Usage: vmm"), vmm::err);
    }
}
