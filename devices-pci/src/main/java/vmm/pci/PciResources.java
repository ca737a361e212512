package vmm.pci;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import vmm.linux.HostException;

/**
 * Does to the bus what firmware does, for a machine that boots a kernel directly: places every BAR, turns decoding on,
 * routes interrupts and writes each function's Interrupt Line.
 */
public final class PciResources {
    private final PciWindows windows;

    /** A resource assignment that stays inside {@code windows}. */
    public PciResources(PciWindows windows) {
        this.windows = windows;
    }

    private record Request(FunctionInfo function, FunctionInfo.BarInfo bar) {}

    /** One window, filled from its start. */
    private static final class Cursor {
        private final PciWindows.Window window;
        private long next;

        Cursor(PciWindows.Window window) {
            this.window = window;
            this.next = window.start();
        }

        long take(Request request) {
            long size = request.bar.size();
            long address = (next + size - 1) & -size;
            if (address + size - 1 > window.last()) {
                throw new HostException("The memory of %s in slot %d does not fit on the PCI bus; use fewer devices."
                        .formatted(request.function.identity().name(), request.function.slot()));
            }
            next = address + size;
            return address;
        }
    }

    /**
     * Assigns everything, as after a reset of the bus. No vCPU may run.
     *
     * @throws HostException if the devices ask for more than the windows have
     */
    public void assign(PciBus bus) {
        bus.configureWithoutFirmware();
        List<FunctionInfo> functions = bus.functions();
        placeBars(bus, functions);
        for (FunctionInfo function : functions) {
            writeInterruptLine(bus, function);
        }
    }

    private void placeBars(PciBus bus, List<FunctionInfo> functions) {
        List<Request> requests = new ArrayList<>();
        for (FunctionInfo function : functions) {
            for (FunctionInfo.BarInfo bar : function.bars()) {
                requests.add(new Request(function, bar));
            }
        }
        // Largest first, so that alignment wastes nothing; among equals, by slot.
        requests.sort(Comparator.comparingLong((Request request) -> request.bar.size())
                .reversed());
        Cursor io = new Cursor(windows.io());
        Cursor memory = new Cursor(windows.memory());
        Cursor high = new Cursor(windows.highMemory());
        for (Request request : requests) {
            FunctionInfo function = request.function;
            int register = ConfigSpace.BASE_ADDRESS + 4 * request.bar.index();
            long address = switch (request.bar.kind()) {
                case IO -> io.take(request);
                case MEMORY_32 -> memory.take(request);
                case MEMORY_64, MEMORY_64_PREFETCHABLE -> high.take(request);
            };
            bus.writeConfig(function.slot(), function.function(), register, 4, (int) address);
            if (request.bar.kind().registers() == 2) {
                bus.writeConfig(function.slot(), function.function(), register + 4, 4, (int) (address >>> 32));
            }
        }
        for (Request request : requests) {
            FunctionInfo function = request.function;
            int enable = request.bar.kind() == Bar.Kind.IO ? ConfigSpace.COMMAND_IO : ConfigSpace.COMMAND_MEMORY;
            int command = bus.readConfig(function.slot(), function.function(), ConfigSpace.COMMAND, 2);
            bus.writeConfig(function.slot(), function.function(), ConfigSpace.COMMAND, 2, command | enable);
        }
    }

    private static void writeInterruptLine(PciBus bus, FunctionInfo function) {
        if (function.interruptPin() != 0) {
            int irq = bus.irq(function.slot(), function.interruptPin());
            int line = irq == PirqRouter.NOT_ROUTED ? 0xff : irq;
            bus.writeConfig(function.slot(), function.function(), ConfigSpace.INTERRUPT_LINE, 1, line);
        }
    }
}
