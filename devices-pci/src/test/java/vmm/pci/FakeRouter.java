package vmm.pci;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import vmm.irq.MsiRoute;
import vmm.irq.MsiRouter;

/** A message router whose routes count. */
public final class FakeRouter implements MsiRouter {
    /** A route that remembers what was done with it. */
    public static final class Route implements MsiRoute {
        public long address;
        public int data;
        public int updates;
        private final AtomicInteger signals = new AtomicInteger();
        public boolean closed;

        private Route() {}

        /** The number of messages sent by this route. */
        public int signals() {
            return signals.get();
        }

        @Override
        public void update(long newAddress, int newData) {
            address = newAddress;
            data = newData;
            updates++;
        }

        @Override
        public void signal() {
            signals.incrementAndGet();
        }

        @Override
        public void close() {
            closed = true;
        }
    }

    public final List<Route> routes = new ArrayList<>();

    public FakeRouter() {}

    @Override
    public MsiRoute allocate() {
        Route route = new Route();
        routes.add(route);
        return route;
    }

    /** The number of messages sent by all routes. */
    public int signals() {
        return routes.stream().mapToInt(Route::signals).sum();
    }
}
