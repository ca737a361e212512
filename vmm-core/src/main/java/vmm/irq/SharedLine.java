package vmm.irq;

/**
 * A wire with several drivers: asserted while any of them asserts it. Any thread may drive an input.
 *
 * <p>The target is driven under a lock of this object, so that two inputs that change at once cannot leave it at the
 * wrong level; it must not call back.
 */
public final class SharedLine {
    private final IrqLine target;

    /** How many inputs assert the wire. Guarded by this. */
    private int asserting;

    /** A wire that leads to {@code target} and has no driver yet. */
    public SharedLine(IrqLine target) {
        this.target = target;
    }

    /** Connects one more driver. */
    public IrqLine input() {
        return new Input();
    }

    private final class Input implements IrqLine {
        private boolean asserted;

        @Override
        public void set(boolean level) {
            synchronized (SharedLine.this) {
                if (level == asserted) {
                    return;
                }
                asserted = level;
                boolean before = asserting > 0;
                asserting += level ? 1 : -1;
                if (before != asserting > 0) {
                    target.set(!before);
                }
            }
        }
    }
}
