package vmm.firmware.aml;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static vmm.firmware.aml.Aml.arg;
import static vmm.firmware.aml.Aml.buffer;
import static vmm.firmware.aml.Aml.createByteField;
import static vmm.firmware.aml.Aml.createDWordField;
import static vmm.firmware.aml.Aml.createQWordField;
import static vmm.firmware.aml.Aml.createWordField;
import static vmm.firmware.aml.Aml.device;
import static vmm.firmware.aml.Aml.eisaId;
import static vmm.firmware.aml.Aml.field;
import static vmm.firmware.aml.Aml.ifThen;
import static vmm.firmware.aml.Aml.integer;
import static vmm.firmware.aml.Aml.local;
import static vmm.firmware.aml.Aml.method;
import static vmm.firmware.aml.Aml.mutex;
import static vmm.firmware.aml.Aml.name;
import static vmm.firmware.aml.Aml.notifyDevice;
import static vmm.firmware.aml.Aml.operationRegion;
import static vmm.firmware.aml.Aml.orElse;
import static vmm.firmware.aml.Aml.packageOf;
import static vmm.firmware.aml.Aml.ref;
import static vmm.firmware.aml.Aml.release;
import static vmm.firmware.aml.Aml.returnValue;
import static vmm.firmware.aml.Aml.scope;
import static vmm.firmware.aml.Aml.serializedMethod;
import static vmm.firmware.aml.Aml.string;
import static vmm.firmware.aml.Aml.terms;
import static vmm.firmware.aml.Aml.whileTrue;
import static vmm.firmware.aml.Expressions.acquire;
import static vmm.firmware.aml.Expressions.add;
import static vmm.firmware.aml.Expressions.and;
import static vmm.firmware.aml.Expressions.call;
import static vmm.firmware.aml.Expressions.decrement;
import static vmm.firmware.aml.Expressions.derefOf;
import static vmm.firmware.aml.Expressions.equal;
import static vmm.firmware.aml.Expressions.greater;
import static vmm.firmware.aml.Expressions.increment;
import static vmm.firmware.aml.Expressions.index;
import static vmm.firmware.aml.Expressions.less;
import static vmm.firmware.aml.Expressions.logicalAnd;
import static vmm.firmware.aml.Expressions.logicalNot;
import static vmm.firmware.aml.Expressions.logicalOr;
import static vmm.firmware.aml.Expressions.not;
import static vmm.firmware.aml.Expressions.or;
import static vmm.firmware.aml.Expressions.shiftLeft;
import static vmm.firmware.aml.Expressions.shiftRight;
import static vmm.firmware.aml.Expressions.sizeOf;
import static vmm.firmware.aml.Expressions.store;
import static vmm.firmware.aml.Expressions.subtract;
import static vmm.firmware.aml.Expressions.xor;
import static vmm.firmware.aml.FieldElement.bits;
import static vmm.firmware.aml.FieldElement.reserved;
import static vmm.firmware.aml.Resources.dwordMemory;
import static vmm.firmware.aml.Resources.interrupt;
import static vmm.firmware.aml.Resources.io;
import static vmm.firmware.aml.Resources.irqNoFlags;
import static vmm.firmware.aml.Resources.qwordMemory;
import static vmm.firmware.aml.Resources.resourceTemplate;
import static vmm.firmware.aml.Resources.wordBusNumber;
import static vmm.firmware.aml.Resources.wordIo;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import vmm.firmware.Iasl;

class AmlTest {
    private static String hex(Term term) {
        return HexFormat.of().formatHex(term.toByteArray());
    }

    @ParameterizedTest
    @CsvSource({
        "0, 00",
        "1, 01",
        "-1, ff",
        "2, 0a02",
        "255, 0aff",
        "256, 0b0001",
        "65535, 0bffff",
        "65536, 0c00000100",
        "4294967295, 0cffffffff",
        "4294967296, 0e0000000001000000",
        "-2, 0efeffffffffffffff"
    })
    void anIntegerTakesItsShortestForm(long value, String encoding) {
        assertEquals(encoding, hex(integer(value)));
    }

    @ParameterizedTest
    @CsvSource({
        "X, 585f5f5f",
        "_HID, 5f484944",
        "\\, 5c00",
        "^^PCI0, 5e5e50434930",
        "\\_SB.PCI0, 5c2e5f53425f50434930",
        "\\_SB.PCI0.ISA, 5c2f035f53425f504349304953415f"
    })
    void aPathIsFilledUpAndPrefixed(String path, String encoding) {
        assertEquals(encoding, hex(ref(path)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"pci0", "PCI00", "1ABC", "A..B", "A.", ".A", "^\\A", "A^B", "Ä", "A B"})
    void whatIsNoNameIsRefused(String path) {
        assertThrows(IllegalArgumentException.class, () -> ref(path));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "A.B", "^A", "\\A", "ABCDE"})
    void aFieldHasANameOfOneSegment(String name) {
        assertThrows(IllegalArgumentException.class, () -> bits(name, 8));
    }

    @Test
    void anEisaIdIsCompressed() {
        assertEquals("0c41d00a03", hex(eisaId("PNP0A03")));
        assertThrows(IllegalArgumentException.class, () -> eisaId("PNP0a03"));
    }

    @ParameterizedTest
    @CsvSource({
        "0, 1102 00",
        "60, 113f 0a3c",
        "61, 114104 0a3d",
        "4090, 114fff 0bfa0f",
        "4091, 11810001 0bfb0f",
        "1048567, 118fffff 0cf7ff0f00",
        "1048568, 11c1000001 0cf8ff0f00",
    })
    void aPackageLengthTakesItsShortestForm(int length, String start) {
        String expected = start.replace(" ", "");
        String encoding = hex(buffer(new byte[length]));
        assertEquals(expected, encoding.substring(0, expected.length()));
        assertEquals(expected.length() / 2 + length, encoding.length() / 2);
    }

    @Test
    void whatAmlCannotExpressIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> local(8));
        assertThrows(IllegalArgumentException.class, () -> arg(7));
        assertThrows(IllegalArgumentException.class, () -> method("M", 8));
        assertThrows(IllegalArgumentException.class, () -> string("ä"));
        assertThrows(IllegalArgumentException.class, () -> packageOf(new TermArg[256]));
        assertThrows(IllegalArgumentException.class, () -> wordIo(0, 0x10000));
        assertThrows(IllegalArgumentException.class, () -> io(0x100, 256));
        assertThrows(IllegalArgumentException.class, () -> io(0xffff, 2));
        assertThrows(IllegalArgumentException.class, () -> irqNoFlags(16));
        assertThrows(IllegalArgumentException.class, () -> dwordMemory(Resources.Caching.CACHEABLE, 2, 1));
    }

    @Test
    void iaslReadsEveryTermAsItWasMeant(@TempDir Path folder) throws IOException {
        Iasl.assumeInstalled();
        Term everything = terms(
                name("NUM", integer(0x1234)),
                name("TEXT", string("slot 1")),
                name("LIST", packageOf(integer(1), string("two"), packageOf(ref("NUM")), buffer(new byte[] {1, 2}))),
                mutex("MTX"),
                operationRegion("REGS", RegionSpace.SYSTEM_IO, 0xae00, 0x14),
                field(
                        "REGS",
                        FieldElement.Access.DWORD,
                        FieldElement.Update.WRITE_AS_ZEROS,
                        bits("UP", 32),
                        reserved(100),
                        bits("DOWN", 28)),
                scope(
                        "\\_SB",
                        device(
                                "DEV",
                                name("_HID", eisaId("PNP0C02")),
                                name(
                                        "_CRS",
                                        resourceTemplate(
                                                io(0x60, 8),
                                                irqNoFlags(4),
                                                interrupt(5, 10, 11),
                                                wordBusNumber(0, 0xff),
                                                wordIo(0xd00, 0xffff),
                                                dwordMemory(
                                                        Resources.Caching.NON_CACHEABLE, 0xc000_0000L, 0xfebf_ffffL),
                                                qwordMemory(
                                                        Resources.Caching.PREFETCHABLE,
                                                        0x1_0000_0000L,
                                                        0x1_ffff_ffffL))))),
                serializedMethod(
                        "CALC",
                        2,
                        store(add(arg(0), arg(1)), local(0)),
                        add(arg(0), arg(1), local(0)),
                        subtract(local(0), integer(1), local(1)),
                        store(subtract(local(0), integer(2)), local(1)),
                        shiftLeft(local(0), integer(3), local(2)),
                        store(shiftLeft(integer(1), local(1)), local(3)),
                        shiftRight(local(2), integer(3), local(3)),
                        store(shiftRight(local(3), integer(3)), local(4)),
                        and(local(4), local(1), local(4)),
                        store(and(local(4), local(1)), local(5)),
                        or(local(0), local(5), local(5)),
                        store(or(local(0), local(5)), local(5)),
                        store(xor(local(0), not(local(5))), local(6)),
                        increment(local(6)),
                        decrement(local(6)),
                        returnValue(local(6))),
                serializedMethod(
                        "FLOW",
                        1,
                        acquire(ref("MTX"), 0xffff),
                        ifThen(
                                logicalAnd(equal(arg(0), integer(3)), logicalNot(ref("NUM"))),
                                notifyDevice(ref("\\_SB.DEV"), integer(1))),
                        orElse(notifyDevice(ref("\\_SB.DEV"), integer(3))),
                        store(integer(0), local(0)),
                        whileTrue(
                                logicalOr(
                                        less(local(0), sizeOf(ref("TEXT"))), greater(local(0), integer(0x100000000L))),
                                store(derefOf(index(ref("LIST"), integer(0))), local(1)),
                                increment(local(0))),
                        release(ref("MTX")),
                        returnValue(call("CALC", local(0), local(1)))),
                method(
                        "PART",
                        1,
                        createByteField(arg(0), 0, "BYTE"),
                        createWordField(arg(0), 2, "WORD"),
                        createDWordField(arg(0), 4, "DWRD"),
                        createQWordField(arg(0), 8, "QWRD"),
                        store(ref("BYTE"), ref("WORD")),
                        store(ref("DWRD"), ref("QWRD"))));
        String asl = Iasl.roundTrip(folder, "everything", Iasl.ssdt(everything.toByteArray()));
        for (String part : List.of(
                "Name (NUM, 0x1234)",
                "OperationRegion (REGS, SystemIO, 0xAE00, 0x14)",
                "Field (REGS, DWordAcc, NoLock, WriteAsZeros)",
                "UP,     32",
                ",   100,",
                "IRQNoFlags ()\n                    {4}",
                "Interrupt (ResourceConsumer, Level, ActiveHigh, Shared, ,, )",
                "WordBusNumber (ResourceProducer, MinFixed, MaxFixed, PosDecode,",
                "DWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed, NonCacheable, ReadWrite,",
                "QWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed, Prefetchable, ReadWrite,",
                "Method (CALC, 2, Serialized)",
                "Acquire (MTX, 0xFFFF)",
                "Notify (\\_SB.DEV, 0x03)",
                "CreateQWordField (Arg0, 0x08, QWRD)")) {
            assertTrue(asl.contains(part), () -> part + "\nis not in\n" + asl);
        }
    }
}
