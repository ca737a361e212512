package vmm.monitor;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;
import vmm.control.QmpException;

/**
 * What the arguments of a command consist of. They are checked in the order in which they are described, and what is
 * not described is refused.
 *
 * @param members the arguments
 * @param open true if others are the command's to check
 */
record Schema(List<Member> members, boolean open) {
    /** No arguments. */
    static final Schema NONE = new Schema(List.of(), false);

    /** Arguments that the command checks itself. */
    static final Schema OPEN = new Schema(List.of(), true);

    /** What an argument is, by the names that QEMU's error messages have for it. */
    enum JsonType {
        STRING("string"),
        INTEGER("integer"),
        UINT64("uint64"),
        BOOLEAN("boolean"),
        OBJECT("object"),
        /** Whatever it is, its command looks at it. */
        ANY("");

        private final String word;

        JsonType(String word) {
            this.word = word;
        }

        private boolean fits(JsonNode value) {
            return switch (this) {
                case STRING -> value.isString();
                case INTEGER -> value.isIntegralNumber() && value.canConvertToLong();
                case UINT64 -> value.isIntegralNumber() && isUint64(value.bigIntegerValue());
                case BOOLEAN -> value.isBoolean();
                case OBJECT -> value.isObject();
                case ANY -> true;
            };
        }

        /** As in QEMU, a number below zero is taken for the large one that has the same bits. */
        private static boolean isUint64(BigInteger number) {
            return number.bitLength() < Long.SIZE + (number.signum() < 0 ? 0 : 1);
        }
    }

    /** One argument. */
    record Member(String name, JsonType type, boolean required) {}

    /** The same with an argument that has to be there. */
    Schema required(String name, JsonType type) {
        return with(new Member(name, type, true));
    }

    /** The same with an argument that may be there. */
    Schema optional(String name, JsonType type) {
        return with(new Member(name, type, false));
    }

    /** The same with whatever else there may be. */
    Schema orMore() {
        return new Schema(members, true);
    }

    private Schema with(Member member) {
        List<Member> more = new ArrayList<>(members);
        more.add(member);
        return new Schema(List.copyOf(more), open);
    }

    /** The arguments, each of which is what it should be. */
    Arguments check(ObjectNode arguments) throws QmpException {
        return check(arguments, "");
    }

    /** @param path what stands before the names in messages */
    Arguments check(ObjectNode arguments, String path) throws QmpException {
        Set<String> known = new HashSet<>();
        for (Member member : members) {
            known.add(member.name);
            JsonNode value = arguments.get(member.name);
            if (value == null && member.required) {
                throw QmpException.generic("Parameter '" + path + member.name + "' is missing");
            }
            if (value != null && !member.type.fits(value)) {
                throw badType(path + member.name, member.type.word);
            }
        }
        for (String name : arguments.propertyNames()) {
            if (!open && !known.contains(name)) {
                throw QmpException.generic("Parameter '" + path + name + "' is unexpected");
            }
        }
        return new Arguments(arguments);
    }

    static QmpException badType(String name, String expected) {
        return QmpException.generic("Invalid parameter type for '" + name + "', expected: " + expected);
    }
}
