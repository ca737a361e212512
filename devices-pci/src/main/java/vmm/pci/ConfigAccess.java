package vmm.pci;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** Trace point: one access to a function's configuration space. */
@Name("vmm.ConfigAccess")
@Label("PCI Configuration Access")
@Category({"VMM", "PCI"})
@StackTrace(false)
final class ConfigAccess extends Event {
    @Label("Function")
    @Description("slot.function on bus 0")
    String bdf = "";

    @Label("Register")
    int register;

    @Label("Size")
    int size;

    @Label("Value")
    long value;

    @Label("Write")
    boolean write;

    private ConfigAccess() {}

    static void record(int slot, int function, int register, int size, int value, boolean write) {
        ConfigAccess event = new ConfigAccess();
        if (event.isEnabled()) {
            event.bdf = "%02x.%d".formatted(slot, function);
            event.register = register;
            event.size = size;
            event.value = value & (-1L >>> (Long.SIZE - size * Byte.SIZE));
            event.write = write;
            event.commit();
        }
    }
}
