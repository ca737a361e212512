package vmm.irq;

/** A level-sensitive interrupt wire from one device. Any thread may call. */
@FunctionalInterface
public interface IrqLine {
    /** A wire that leads nowhere. */
    IrqLine UNCONNECTED = level -> {};

    /** Drives the wire: {@code true} asserts it and keeps it asserted until {@code false}. */
    void set(boolean level);
}
