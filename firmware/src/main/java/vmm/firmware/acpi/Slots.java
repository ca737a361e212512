package vmm.firmware.acpi;

import static vmm.firmware.aml.Aml.arg;
import static vmm.firmware.aml.Aml.device;
import static vmm.firmware.aml.Aml.field;
import static vmm.firmware.aml.Aml.ifThen;
import static vmm.firmware.aml.Aml.integer;
import static vmm.firmware.aml.Aml.method;
import static vmm.firmware.aml.Aml.name;
import static vmm.firmware.aml.Aml.notifyDevice;
import static vmm.firmware.aml.Aml.operationRegion;
import static vmm.firmware.aml.Aml.ref;
import static vmm.firmware.aml.Aml.serializedMethod;
import static vmm.firmware.aml.Aml.terms;
import static vmm.firmware.aml.Expressions.and;
import static vmm.firmware.aml.Expressions.call;
import static vmm.firmware.aml.Expressions.or;
import static vmm.firmware.aml.Expressions.shiftLeft;
import static vmm.firmware.aml.Expressions.store;
import static vmm.firmware.aml.FieldElement.bits;

import java.util.Locale;
import vmm.firmware.aml.FieldElement;
import vmm.firmware.aml.RegionSpace;
import vmm.firmware.aml.Term;
import vmm.firmware.aml.TermArg;

/**
 * The slots of the PCI bus, whose functions come and go while the guest runs (ACPI 6.5 6.3): a device for each, and the
 * general-purpose event upon which the guest looks at the slot registers. Slots 0 and 1 have the board's own functions.
 */
final class Slots {
    /** How many ports the slot registers take. */
    static final int PORTS = 20;

    private static final int FIRST = 2;
    private static final int COUNT = 32;

    /** Values of Notify (5.6.6). */
    private static final int DEVICE_CHECK = 1;

    private static final int EJECT_REQUEST = 3;

    private static final String REGION = "SLTR";
    private static final String INSERTED = "SLTI";
    private static final String REQUESTED = "SLTO";
    private static final String EJECT = "SLTE";
    private static final String REMOVABLE = "SLTA";
    private static final String STATUS = "SLTS";
    private static final String NOTIFY = "SLTN";
    private static final String LOOK = "SLTL";

    private Slots() {}

    /** What the PCI bus has in its scope. */
    static Term devices() {
        Term[] devices = new Term[COUNT - FIRST];
        Term[] notices = new Term[COUNT - FIRST];
        for (int slot = FIRST; slot < COUNT; slot++) {
            devices[slot - FIRST] = slot(slot);
            notices[slot - FIRST] = ifThen(and(arg(0), integer(1L << slot)), notifyDevice(ref(path(slot)), arg(1)));
        }
        return terms(
                operationRegion(REGION, RegionSpace.SYSTEM_IO, AcpiConfig.SLOT_PORT, PORTS),
                field(
                        REGION,
                        FieldElement.Access.DWORD,
                        FieldElement.Update.WRITE_AS_ZEROS,
                        bits(INSERTED, 32),
                        bits(REQUESTED, 32),
                        bits(EJECT, 32),
                        bits(REMOVABLE, 32),
                        bits(STATUS, 32)),
                terms(devices),
                method(NOTIFY, 2, notices),
                serializedMethod(
                        LOOK,
                        0,
                        call(NOTIFY, ref(INSERTED), integer(DEVICE_CHECK)),
                        call(NOTIFY, ref(REQUESTED), integer(EJECT_REQUEST))));
    }

    private static Term slot(int slot) {
        return device(
                path(slot),
                name("_ADR", integer((long) slot << 16)),
                name("_SUN", integer(slot)),
                method("_EJ0", 1, store(integer(1L << slot), ref(EJECT))),
                method("_OST", 3, store(report(slot), ref(STATUS))));
    }

    /** What _OST (6.3.5) has to say, in one value, since several processors may say something. */
    private static TermArg report(int slot) {
        TermArg source = shiftLeft(and(arg(0), integer(0xFF)), integer(AcpiConfig.OST_SOURCE_SHIFT));
        TermArg status = and(arg(1), integer(0xFFFF));
        return or(or(integer((long) slot << AcpiConfig.OST_SLOT_SHIFT), source), status);
    }

    private static String path(int slot) {
        return "SL" + Integer.toHexString(0x100 | slot).substring(1).toUpperCase(Locale.ROOT);
    }

    /** The event's method, for the scope of general-purpose events. */
    static Term event(String bus) {
        return method("_E%02X".formatted(AcpiConfig.SLOT_GPE), 0, call(bus + "." + LOOK));
    }
}
