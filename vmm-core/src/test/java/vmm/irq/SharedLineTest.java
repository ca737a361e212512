package vmm.irq;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SharedLineTest {
    private final List<Boolean> levels = new ArrayList<>();
    private final SharedLine line = new SharedLine(levels::add);
    private final IrqLine first = line.input();
    private final IrqLine second = line.input();

    @Test
    void theWireStaysAssertedUntilItsLastDriverLetsGo() {
        first.set(true);
        second.set(true);
        first.set(false);
        assertEquals(List.of(true), levels);
        second.set(false);
        assertEquals(List.of(true, false), levels);
    }

    @Test
    void aDriverThatRepeatsItselfCountsOnce() {
        first.set(true);
        first.set(true);
        first.set(false);
        second.set(false);
        assertEquals(List.of(true, false), levels);
    }
}
