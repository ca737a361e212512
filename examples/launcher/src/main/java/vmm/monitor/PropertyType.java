package vmm.monitor;

import java.math.BigInteger;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import vmm.block.ByteSize;
import vmm.control.QmpException;

/**
 * What the value of a device's property is. On their way to a device all values are text, as on a command line; so a
 * number may come as a string, and a switch as one of several words.
 */
enum PropertyType {
    STR("str"),
    BOOL("bool"),
    ON_OFF_AUTO("OnOffAuto"),
    UINT16("uint16", 16),
    UINT32("uint32", 32),
    UINT64("uint64", 64),
    /** An index that may be left open by a number below zero. */
    INT32("int32"),
    /** A place on the PCI bus: slot and function in hexadecimal, as {@code 05.1}. */
    ADDRESS("int32"),
    /** A number of bytes, perhaps with a unit. */
    SIZE("size"),
    ON_ERROR("BlockdevOnError"),
    IOTHREAD("link<iothread>");

    private static final Set<String> ON = Set.of("on", "yes", "true", "y");
    private static final Set<String> OFF = Set.of("off", "no", "false", "n");
    private static final List<String> ACTIONS = List.of("report", "ignore", "enospc", "stop", "auto");
    private static final int SLOTS = 32;
    private static final int FUNCTIONS = 8;
    private static final int HEX = 16;

    private final String word;
    private final int bits;

    PropertyType(String word) {
        this(word, 0);
    }

    PropertyType(String word, int bits) {
        this.word = word;
        this.bits = bits;
    }

    /** What QMP calls it. */
    String word() {
        return word;
    }

    /**
     * A value of this type.
     *
     * @param driver of the device
     * @param name of the property
     * @return a String, a Long or a Boolean
     */
    Object parse(String driver, String name, JsonNode value) throws QmpException {
        String text = text(name, value);
        return switch (this) {
            case STR, IOTHREAD -> text;
            case BOOL -> {
                check(ON.contains(text) || OFF.contains(text), "Parameter '" + name + "' expects 'on' or 'off'");
                yield ON.contains(text);
            }
            case ON_OFF_AUTO -> oneOf(name, text, List.of("on", "off", "auto"));
            case ON_ERROR -> oneOf(name, text, ACTIONS);
            case UINT16, UINT32, UINT64 -> {
                BigInteger number = integer(name, text);
                check(
                        number.signum() >= 0 && number.bitLength() <= bits,
                        "Parameter '" + name + "' expects " + word + "_t");
                yield number.longValue();
            }
            case INT32 -> {
                BigInteger number = integer(name, text);
                check(number.bitLength() < Integer.SIZE, "Parameter '" + name + "' expects int32_t");
                yield number.longValue();
            }
            case ADDRESS -> address(driver, name, text);
            case SIZE -> size(name, text);
        };
    }

    private static String text(String name, JsonNode value) throws QmpException {
        if (value.isString()) {
            return value.stringValue();
        }
        if (value.isBoolean()) {
            return value.booleanValue() ? "on" : "off";
        }
        if (value.isIntegralNumber()) {
            return value.bigIntegerValue().toString();
        }
        throw Schema.badType(name, "string");
    }

    private static Object oneOf(String name, String text, List<String> words) throws QmpException {
        check(words.contains(text), "Parameter '" + name + "' does not accept value '" + text + "'");
        return text;
    }

    private static BigInteger integer(String name, String text) throws QmpException {
        try {
            return text.startsWith("0x") ? new BigInteger(text.substring(2), HEX) : new BigInteger(text);
        } catch (NumberFormatException noNumber) {
            throw QmpException.generic("Parameter '" + name + "' expects integer");
        }
    }

    private static Object size(String name, String text) throws QmpException {
        try {
            return ByteSize.parse(text);
        } catch (IllegalArgumentException noSize) {
            throw QmpException.generic("Parameter '" + name + "' expects size");
        }
    }

    /** The slot times eight and the function. */
    private static Object address(String driver, String name, String text) throws QmpException {
        String[] parts = text.split("\\.", 2);
        try {
            long slot = Integer.parseInt(parts[0], HEX);
            long function = parts.length == 1 ? 0 : Integer.parseInt(parts[1], HEX);
            if (slot >= 0 && slot < SLOTS && function >= 0 && function < FUNCTIONS) {
                return slot * FUNCTIONS + function;
            }
        } catch (NumberFormatException noNumber) {
            throw badValue(driver, name, text);
        }
        throw badValue(driver, name, text);
    }

    private static QmpException badValue(String driver, String name, String text) {
        return QmpException.generic("Property '" + driver + "." + name + "' doesn't take value '" + text + "'");
    }

    private static void check(boolean condition, String description) throws QmpException {
        if (!condition) {
            throw QmpException.generic(description);
        }
    }
}
