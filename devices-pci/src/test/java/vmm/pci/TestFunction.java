package vmm.pci;

import java.util.ArrayList;
import java.util.List;
import vmm.bus.BusDevice;
import vmm.irq.IrqLine;

/** A function with whatever a test gives it; its ranges answer reads with the offset. */
final class TestFunction extends PciFunction {
    final List<Long> mappings = new ArrayList<>();
    final IrqLine pin;

    private static final BusDevice OFFSETS = new BusDevice() {
        @Override
        public long read(long offset, int size) {
            return offset;
        }

        @Override
        public void write(long offset, int size, long value) {}
    };

    TestFunction() {
        this(1);
    }

    TestFunction(int pinNumber) {
        super(new PciIdentity("test", 0x1234, 0x5678, 9, 0xab_cd_ef, 0x1111, 0x2222));
        pin = addInterruptPin(pinNumber);
    }

    TestFunction bar(int index, Bar.Kind kind, long size) {
        addBar(index, kind, size, OFFSETS);
        return this;
    }

    TestFunction msix(int bar, Msix msix) {
        addMsix(bar, msix);
        return this;
    }

    int capability(int id, int length) {
        return addCapability(id, new byte[length - 2]);
    }

    @Override
    protected void mappingChanged(AddressDecoder decoder) {
        mappings.add(decoder.address());
    }
}
