package vmm.firmware.acpi;

import static vmm.firmware.aml.Aml.arg;
import static vmm.firmware.aml.Aml.createDWordField;
import static vmm.firmware.aml.Aml.device;
import static vmm.firmware.aml.Aml.eisaId;
import static vmm.firmware.aml.Aml.field;
import static vmm.firmware.aml.Aml.ifThen;
import static vmm.firmware.aml.Aml.integer;
import static vmm.firmware.aml.Aml.local;
import static vmm.firmware.aml.Aml.method;
import static vmm.firmware.aml.Aml.name;
import static vmm.firmware.aml.Aml.operationRegion;
import static vmm.firmware.aml.Aml.packageOf;
import static vmm.firmware.aml.Aml.ref;
import static vmm.firmware.aml.Aml.returnValue;
import static vmm.firmware.aml.Aml.scope;
import static vmm.firmware.aml.Aml.serializedMethod;
import static vmm.firmware.aml.Aml.string;
import static vmm.firmware.aml.Aml.terms;
import static vmm.firmware.aml.Expressions.and;
import static vmm.firmware.aml.Expressions.call;
import static vmm.firmware.aml.Expressions.less;
import static vmm.firmware.aml.Expressions.or;
import static vmm.firmware.aml.Expressions.store;
import static vmm.firmware.aml.FieldElement.bits;
import static vmm.firmware.aml.Resources.dwordMemory;
import static vmm.firmware.aml.Resources.interrupt;
import static vmm.firmware.aml.Resources.io;
import static vmm.firmware.aml.Resources.irqNoFlags;
import static vmm.firmware.aml.Resources.qwordMemory;
import static vmm.firmware.aml.Resources.resourceTemplate;
import static vmm.firmware.aml.Resources.wordBusNumber;
import static vmm.firmware.aml.Resources.wordIo;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import vmm.firmware.aml.FieldElement;
import vmm.firmware.aml.RegionSpace;
import vmm.firmware.aml.Resources.Caching;
import vmm.firmware.aml.Resources.Resource;
import vmm.firmware.aml.SuperName;
import vmm.firmware.aml.Term;
import vmm.firmware.aml.TermArg;
import vmm.firmware.fwcfg.FwCfg;

/**
 * The Differentiated System Description Table: the machine's devices, in AML. The PCI bus is that of an i440FX with a
 * PIIX3: the four interrupt pins of a slot go to the four PIRQ links of the ISA bridge, which the guest connects to
 * interrupts 5, 10 or 11 by registers 0x60 to 0x63 of that bridge.
 */
final class Dsdt {
    /** The interrupts that a PIRQ link can be connected to. */
    static final int[] PCI_IRQS = {5, 10, 11};

    /** Integers of 64 bits. */
    private static final int REVISION = 2;

    private static final int SLOTS = 32;
    private static final int PINS = 4;

    /** The slot of the ISA bridge and of the power management function, whose pin A is the SCI. */
    private static final int ISA_SLOT = 1;

    private static final String SCI_LINK = "LNKS";
    private static final String[] LINKS = {"LNKA", "LNKB", "LNKC", "LNKD"};
    private static final String[] LINK_REGISTERS = {"PRQ0", "PRQ1", "PRQ2", "PRQ3"};

    /** {@code _STA} (6.3.7): present and working, or present, enabled and working. */
    private static final int DISABLED = 0x09;

    private static final int ENABLED = 0x0b;

    /** In a PIRQ register, the bit that disconnects the link. */
    private static final int DISCONNECTED = 0x80;

    /** Where an Interrupt descriptor has its first interrupt. */
    private static final int INTERRUPT_NUMBER = 5;

    private Dsdt() {}

    static byte[] table(AcpiConfig config) {
        Term content = terms(
                scope("\\_SB", processors(config.cpus())),
                scope("\\_SB", pciRoot(config), interruptLinks()),
                scope("\\_SB.PCI0", Slots.devices()),
                scope("\\_GPE", Slots.event("\\_SB.PCI0")),
                name("\\_S5", packageOf(integer(AcpiConfig.SLEEP_TYPE_S5), integer(0), integer(0), integer(0))));
        return new SystemTable("DSDT", REVISION).raw(content.toByteArray()).toByteArray();
    }

    private static Term processors(int cpus) {
        Term[] processors = new Term[cpus];
        for (int cpu = 0; cpu < cpus; cpu++) {
            processors[cpu] = device(
                    "C" + Integer.toHexString(0x1000 | cpu).substring(1).toUpperCase(Locale.ROOT),
                    name("_HID", string("ACPI0007")),
                    name("_UID", integer(cpu)));
        }
        return terms(processors);
    }

    private static Term pciRoot(AcpiConfig config) {
        return device(
                "PCI0",
                name("_HID", eisaId("PNP0A03")),
                name("_UID", integer(0)),
                name("_CRS", resourceTemplate(windows(config))),
                name("_PRT", routing()),
                isaBridge(config));
    }

    private static Resource[] windows(AcpiConfig config) {
        List<Resource> windows = new ArrayList<>(List.of(
                wordBusNumber(0, 0xff),
                io(0xcf8, 8), // the configuration ports are the bridge's own
                wordIo(0, 0xcf7),
                wordIo(0xd00, 0xffff),
                dwordMemory(Caching.NON_CACHEABLE, config.pci32Start(), AcpiConfig.PCI32_LAST)));
        if (config.pci64Size() > 0) {
            long last = config.pci64Start() + config.pci64Size() - 1;
            windows.add(qwordMemory(Caching.CACHEABLE, config.pci64Start(), last));
        }
        return windows.toArray(Resource[]::new);
    }

    /** {@code _PRT} (6.2.13): the link of every pin; neighbouring slots begin with different links. */
    private static TermArg routing() {
        TermArg[] routes = new TermArg[(SLOTS - 1) * PINS];
        for (int slot = 1; slot < SLOTS; slot++) {
            for (int pin = 0; pin < PINS; pin++) {
                boolean sci = slot == ISA_SLOT && pin == 0;
                String link = sci ? SCI_LINK : LINKS[(slot - ISA_SLOT + pin) % LINKS.length];
                routes[(slot - 1) * PINS + pin] =
                        packageOf(integer((long) slot << 16 | 0xffff), integer(pin), ref(link), integer(0));
            }
        }
        return packageOf(routes);
    }

    private static Term isaBridge(AcpiConfig config) {
        return device(
                "ISA",
                name("_ADR", integer((long) ISA_SLOT << 16)),
                operationRegion("PIRQ", RegionSpace.PCI_CONFIG, 0x60, LINK_REGISTERS.length),
                field("PIRQ", FieldElement.Access.BYTE, FieldElement.Update.PRESERVE, linkRegisters()),
                device(
                        "RTC",
                        name("_HID", eisaId("PNP0B00")),
                        name("_CRS", resourceTemplate(io(0x70, 2), irqNoFlags(8)))),
                device(
                        "KBD",
                        name("_HID", eisaId("PNP0303")),
                        name("_CRS", resourceTemplate(io(0x60, 1), io(0x64, 1), irqNoFlags(1)))),
                device(
                        "COM1",
                        name("_HID", eisaId("PNP0501")),
                        name("_UID", integer(1)),
                        name("_CRS", resourceTemplate(io(0x3f8, 8), irqNoFlags(4)))),
                device(
                        "MBRD", // ports that no other driver may take
                        name("_HID", eisaId("PNP0C02")),
                        name(
                                "_CRS",
                                resourceTemplate(io(config.pmBase(), 0x40), io(AcpiConfig.SLOT_PORT, Slots.PORTS)))),
                config.fwCfg() ? fwCfg() : terms());
    }

    private static Term fwCfg() {
        return device(
                "FWCF",
                name("_HID", string("QEMU0002")),
                name("_STA", integer(ENABLED)),
                name("_CRS", resourceTemplate(io(FwCfg.PORT, FwCfg.PORTS))));
    }

    private static FieldElement[] linkRegisters() {
        FieldElement[] registers = new FieldElement[LINK_REGISTERS.length];
        for (int i = 0; i < registers.length; i++) {
            registers[i] = bits(LINK_REGISTERS[i], 8);
        }
        return registers;
    }

    private static Term interruptLinks() {
        Term[] links = new Term[LINKS.length];
        for (int i = 0; i < links.length; i++) {
            links[i] = interruptLink(LINKS[i], i + 1, ref("\\_SB.PCI0.ISA." + LINK_REGISTERS[i]));
        }
        return terms(
                method(
                        "IQST",
                        1,
                        ifThen(and(arg(0), integer(DISCONNECTED)), returnValue(integer(DISABLED))),
                        returnValue(integer(ENABLED))),
                serializedMethod(
                        "IQCR",
                        1,
                        store(resourceTemplate(interrupt(0)), local(0)),
                        createDWordField(local(0), INTERRUPT_NUMBER, "PRRI"),
                        ifThen(less(arg(0), integer(DISCONNECTED)), store(arg(0), ref("PRRI"))),
                        returnValue(local(0))),
                terms(links),
                sciLink());
    }

    /** A link that the guest can set: a PCI Interrupt Link Device (6.2.16) on one PIRQ register. */
    private static Term interruptLink(String name, int uid, SuperName register) {
        return device(
                name,
                name("_HID", eisaId("PNP0C0F")),
                name("_UID", integer(uid)),
                name("_PRS", resourceTemplate(interrupt(PCI_IRQS))),
                method("_STA", 0, returnValue(call("IQST", register))),
                method("_DIS", 0, or(register, integer(DISCONNECTED), register)),
                method("_CRS", 0, returnValue(call("IQCR", register))),
                serializedMethod(
                        "_SRS", 1, createDWordField(arg(0), INTERRUPT_NUMBER, "PRRI"), store(ref("PRRI"), register)));
    }

    /** The link of the SCI, which is wired to its interrupt. */
    private static Term sciLink() {
        TermArg wired = resourceTemplate(interrupt(AcpiConfig.SCI_IRQ));
        return device(
                SCI_LINK,
                name("_HID", eisaId("PNP0C0F")),
                name("_UID", integer(0)),
                name("_PRS", wired),
                name("_CRS", wired),
                name("_STA", integer(ENABLED)),
                method("_DIS", 0),
                method("_SRS", 1));
    }
}
