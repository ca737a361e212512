package vmm.virtio;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class CompletionOrderTest {
    private final CompletionOrder order = new CompletionOrder(3);

    @Test
    void aChainThatEndsEarlyWaitsForThoseBeforeIt() {
        int first = order.enter(10);
        int second = order.enter(11);
        order.end(second, 5);
        assertFalse(order.hasNext());
        order.end(first, 6);
        assertTrue(order.hasNext());
        assertEquals(10, order.handle());
        assertEquals(6, order.written());
        order.remove();
        assertTrue(order.hasNext());
        assertEquals(11, order.handle());
        assertEquals(5, order.written());
        order.remove();
        assertFalse(order.hasNext());
    }

    @Test
    void placesAreUsedAgain() {
        for (int i = 0; i < 10; i++) {
            int a = order.enter(i);
            int b = order.enter(i + 100);
            order.end(b, 1);
            order.end(a, 2);
            assertEquals(i, order.handle());
            order.remove();
            assertEquals(i + 100, order.handle());
            order.remove();
        }
    }

    @Test
    void whatIsNotInFlightCannotEnd() {
        assertThrows(IllegalStateException.class, () -> order.end(0, 1));
        order.enter(1);
        int second = order.enter(2);
        assertThrows(IllegalStateException.class, () -> order.end(2, 1));
        assertThrows(IllegalStateException.class, () -> order.end(3, 1));
        assertThrows(IllegalStateException.class, () -> order.end(-1, 1));
        order.end(second, 1);
        assertThrows(IllegalStateException.class, () -> order.end(second, 1));
    }
}
