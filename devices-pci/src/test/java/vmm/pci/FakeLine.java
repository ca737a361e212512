package vmm.pci;

import vmm.irq.IrqLine;

/** A wire that remembers its level and how often it changed. */
public final class FakeLine implements IrqLine {
    public boolean level;
    public int changes;

    public FakeLine() {}

    @Override
    public synchronized void set(boolean newLevel) {
        level = newLevel;
        changes++;
    }

    /** Sixteen of them, as ISA has. */
    public static FakeLine[] isa() {
        FakeLine[] lines = new FakeLine[16];
        for (int i = 0; i < lines.length; i++) {
            lines[i] = new FakeLine();
        }
        return lines;
    }
}
